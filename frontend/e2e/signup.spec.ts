import { sessionFile } from "../playwright.config.ts";
import { clean, linkIn, signInAs } from "./people";
import { expect, stranger, test, unique } from "./support";

/** From a stranger to somebody who is signed in, by the mails that the embedded mode keeps in the portal. */

const PASSWORD = "a quiet river under stones";
const BETTER = "some other river entirely";

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
      await expect(page.getByRole("heading", { name: "Forgotten your password?" })).toBeVisible();
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
