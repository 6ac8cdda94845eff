import type { APIRequestContext, Page } from "@playwright/test";
import AxeBuilder from "@axe-core/playwright";
import { sessionFile } from "../playwright.config.ts";
import { expect, stranger, test, unique } from "./support";

/** From a stranger to somebody who is signed in, by the mails that the embedded mode keeps in the portal. */

const PASSWORD = "a quiet river under stones";
const BETTER = "some other river entirely";

async function linkIn(admin: APIRequestContext, address: string, template: string): Promise<string> {
  let link = "";
  await expect
    .poll(
      async () => {
        const list = await admin.get("/v1/admin/emails", { params: { address, template } });
        const [mail] = ((await list.json()) as { items: { id: string }[] }).items;
        if (!mail) return "";
        const detail = await admin.get(`/v1/admin/emails/${mail.id}`);
        const { content } = (await detail.json()) as { content: { text: string } | null };
        link = /https?:\/\/\S+#t=[\w-]+/.exec(content?.text ?? "")?.[0] ?? "";
        return link;
      },
      { timeout: 20_000 },
    )
    .not.toBe("");
  const { pathname, hash } = new URL(link);
  return pathname + hash;
}

/** Looks until colours have faded in; the pointer lies where nothing is, so that nothing is hovered over. */
async function clean(page: Page): Promise<void> {
  await page.mouse.move(0, 0);
  await expect
    .poll(async () => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      return violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")}`));
    })
    .toEqual([]);
}

test.describe("a stranger", () => {
  test.use({ storageState: stranger });

  test("registers, verifies, signs in, forgets the password and sets a new one", async ({ page, playwright, baseURL }) => {
    const admin = await playwright.request.newContext({ baseURL, storageState: sessionFile });
    const address = `${unique("walker").replace(" ", ".")}@example.com`;

    await test.step("register", async () => {
      await page.goto("/sign-in");
      await page.getByRole("link", { name: "Create an account" }).click();
      await expect(page.locator("input[name=name]")).toBeVisible();
      await clean(page);
      await page.locator("input[name=name]").fill("Walker");
      await page.locator("input[name=email]").fill(address);
      await page.locator("input[name=new-password]").fill("iloveyou1");
      await page.getByRole("button", { name: "Create account" }).click();
      await expect(page.getByText("This password is easy to guess.")).toBeVisible();
      await page.locator("input[name=new-password]").fill(PASSWORD);
      await expect(page.getByText("Very good")).toBeVisible();
      await page.getByRole("button", { name: "Create account" }).click();
      await expect(page.getByRole("heading", { name: "Look into your mail" })).toBeVisible();
      await clean(page);
    });

    await test.step("without the link one can only verify", async () => {
      await linkIn(admin, address, "accounts.verify");
      await signInAs(page, address, PASSWORD);
      await expect(page.getByRole("heading", { name: "Confirm your mail address" })).toBeVisible();
      await page.goto("/keys");
      await expect(page).toHaveURL(/\/unverified/);
      await clean(page);
    });

    await test.step("verify: the link works and stays in no history", async () => {
      await page.goto(await linkIn(admin, address, "accounts.verify"));
      await expect(page.getByRole("heading", { name: "Your address is confirmed" })).toBeVisible();
      expect(new URL(page.url()).hash).toBe("");
      await page.getByRole("button", { name: "Continue" }).click();
      await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
    });

    await test.step("sign out, forget, reset, sign in", async () => {
      await page.getByRole("button", { name: /^Account/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await page.getByRole("link", { name: "Forgotten your password?" }).click();
      await page.locator("input[name=email]").fill(address);
      await page.getByRole("button", { name: "Send the link" }).click();
      await expect(page.getByText("If there is an account")).toBeVisible();
      await page.goto(await linkIn(admin, address, "accounts.reset"));
      await clean(page);
      await page.locator("input[name=new-password]").fill(BETTER);
      await page.getByRole("button", { name: "Set password" }).click();
      await expect(page.getByText("The new password holds.")).toBeVisible();
      await signInAs(page, address, BETTER);
      await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
    });
    await admin.dispose();
  });

  test("follows a dead link and is told what to do", async ({ page }) => {
    await page.goto("/reset#t=nothing");
    await page.locator("input[name=new-password]").fill(BETTER);
    await page.getByRole("button", { name: "Set password" }).click();
    await expect(page.getByRole("heading", { name: "This link does not work any more" })).toBeVisible();
    await page.getByRole("link", { name: "Send me a new link" }).click();
    await expect(page).toHaveURL(/\/forgot/);
  });
});

async function signInAs(page: Page, address: string, password: string): Promise<void> {
  await page.goto("/sign-in");
  await page.locator("input[name=email]").fill(address);
  await page.locator("input[name=password]").fill(password);
  await page.locator("button[type=submit]").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}
