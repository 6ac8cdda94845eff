import { sessionFile } from "../playwright.config.ts";
import { clean, codeOf, linkIn, signInAs } from "./people";
import { expect, stranger, test, unique } from "./support";

/** The whole way of two people in Chinese, on a phone: an account, a second factor, sessions; one asks the other in. */

const PASSWORD = "a quiet river under stones";

test.use({ storageState: stranger, locale: "zh-CN", viewport: { width: 390, height: 844 }, hasTouch: true });

test("register, prove oneself twice, end a session, ask in somebody who has no account", async ({
  page,
  browser,
  playwright,
  baseURL,
}) => {
  const admin = await playwright.request.newContext({ baseURL, storageState: sessionFile });
  const mine = `${unique("xiaoming").replace(" ", ".")}@example.com`;
  const theirs = `${unique("xiaohong").replace(" ", ".")}@example.com`;
  const team = unique("团队");
  let secret = "";

  const register = async (at: typeof page, name: string, address: string) => {
    await at.locator("input[name=name]").fill(name);
    await at.locator("input[name=email]").fill(address);
    await at.locator("input[name=new-password]").fill(PASSWORD);
    await at.getByRole("button", { name: "创建帐户" }).click();
    await expect(at.getByRole("heading", { name: "请查看您的邮箱" })).toBeVisible();
    await at.goto(await linkIn(admin, address, "accounts.verify"));
    await expect(at.getByRole("heading", { name: "您的邮箱已确认" })).toBeVisible();
  };
  const narrow = async () => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  };

  await test.step("an account", async () => {
    await page.goto("/register");
    await expect(page.locator("input[name=name]")).toBeVisible();
    await clean(page);
    await narrow();
    await register(page, "小明", mine);
    await signInAs(page, mine, PASSWORD);
    await expect(page.getByRole("heading", { level: 1, name: "总览" })).toBeVisible();
  });

  await test.step("a second factor", async () => {
    await page.goto("/security");
    await page.getByRole("button", { name: "设置双重验证" }).click();
    const setUp = page.getByRole("dialog", { name: "设置双重验证" });
    secret = (await setUp.getByTestId("factor-secret").innerText()).replace(/\s/g, "");
    await setUp.locator("input[name=code]").fill(codeOf(secret, -1));
    await setUp.getByRole("button", { name: "开启" }).click();
    await expect(setUp.getByTestId("recovery-codes").getByRole("listitem")).toHaveCount(10);
    await setUp.getByRole("button", { name: "我已保存" }).click();
    await expect(setUp).toBeHidden();
  });

  await test.step("sign in with it; the lost session is ended", async () => {
    await page.context().clearCookies();
    await page.goto("/sign-in");
    await page.locator("input[name=email]").fill(mine);
    await page.locator("input[name=password]").fill(PASSWORD);
    await page.locator("button[type=submit]").click();
    await page.locator("input[name=code]").fill(codeOf(secret));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1, name: "总览" })).toBeVisible();
    await page.goto("/security");
    const sessions = page.getByRole("region", { name: "会话" });
    await expect(sessions.getByText("当前会话")).toHaveCount(1);
    await clean(page);
    await narrow();
    await sessions.getByRole("button", { name: /^结束 / }).click();
    await page.getByRole("dialog", { name: "结束此会话？" }).getByRole("button", { name: "结束" }).click();
    await expect(page.getByText("会话已结束")).toBeVisible();
  });

  await test.step("ask somebody in", async () => {
    await page.goto("/workspace");
    await page.getByRole("button", { name: "新建共享工作区" }).click();
    const opening = page.getByRole("dialog", { name: "新建共享工作区" });
    await opening.getByRole("textbox").fill(team);
    await opening.getByRole("button", { name: "创建" }).click();
    await expect(opening).toBeHidden();
    await page.goto("/members");
    await page.getByRole("button", { name: "邀请" }).click();
    const invite = page.getByRole("dialog", { name: "邀请" });
    await invite.locator("input[type=email]").fill(theirs);
    await invite.getByRole("button", { name: "发送邀请" }).click();
    await expect(invite).toBeHidden();
    await clean(page);
    await narrow();
  });

  await test.step("who registers from the invitation comes back to it", async () => {
    const context = await browser.newContext({ baseURL, storageState: stranger, locale: "zh-CN" });
    const other = await context.newPage();
    await other.goto(await linkIn(admin, theirs, "workspaces.invited"));
    await expect(other.getByText(team)).toBeVisible();
    await clean(other);
    await other.getByRole("button", { name: "创建帐户" }).click();
    await expect(other.locator("input[name=email]")).toHaveValue(theirs);
    expect(other.url()).not.toContain("t=");
    await register(other, "小红", theirs);
    await other.getByRole("button", { name: "继续" }).click();
    await other.locator("input[name=email]").fill(theirs);
    await other.locator("input[name=password]").fill(PASSWORD);
    await other.locator("button[type=submit]").click();
    await other.getByRole("button", { name: "接受" }).click();
    await expect(other.getByText(`欢迎加入“${team}”`)).toBeVisible();
    await context.close();
  });
  await admin.dispose();
});
