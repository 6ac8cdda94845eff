import AxeBuilder from "@axe-core/playwright";
import { dialog, expect, openFromMenu, stranger, test, unique } from "./support";
import type { Page } from "@playwright/test";

/** A colleague is asked in, gets a role and is removed; an administrator looks as somebody. */

const secret = "correct horse battery staple";

async function create(page: Page, name: string): Promise<string> {
  const address = `${name.replace(" ", ".").toLowerCase()}@example.com`;
  await page.goto("/admin/users");
  await page.getByRole("button", { name: "New user" }).click();
  const form = dialog(page, "Create a user");
  await form.getByRole("textbox", { name: /^Name/ }).fill(name);
  await form.getByRole("textbox", { name: /^Email/ }).fill(address);
  await form.locator("input[autocomplete=new-password]").fill(secret);
  await form.getByRole("button", { name: "Create" }).click();
  await expect(form).toBeHidden();
  return address;
}

test("invite a colleague, who accepts; set their role; remove them", async ({ page, browser }) => {
  const colleague = unique("Gina");
  const address = await create(page, colleague);
  const team = unique("Team");
  await page.goto("/workspace");
  await page.getByRole("button", { name: "New shared workspace" }).click();
  const opening = dialog(page, "New shared workspace");
  await opening.getByRole("textbox", { name: /^Name/ }).fill(team);
  await opening.getByRole("button", { name: "Create" }).click();
  await expect(opening).toBeHidden();

  await openFromMenu(page, "Members");
  await page.getByRole("button", { name: "Invite" }).click();
  const invite = dialog(page, "Invite");
  await invite.getByRole("textbox", { name: /^Email/ }).fill(address);
  await invite.getByRole("button", { name: "Send invitation" }).click();
  await expect(invite).toBeHidden();
  await expect(page.getByRole("table", { name: "Open invitations" }).getByRole("row", { name: address })).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  const theirs = await browser.newPage({ storageState: stranger });
  await theirs.goto("/sign-in");
  await theirs.locator("input[name=email]").fill(address);
  await theirs.locator("input[name=password]").fill(secret);
  await theirs.locator("button[type=submit]").click();
  const waiting = theirs.getByRole("region", { name: "Invitations for you" });
  await expect(waiting).toContainText(team);
  await waiting.getByRole("button", { name: "Accept" }).click();
  await expect(waiting).toBeHidden();
  await expect(theirs.getByRole("combobox", { name: "Workspace" })).toContainText(team);

  await page.reload();
  const row = page.getByRole("table", { name: "Members" }).getByRole("row", { name: colleague });
  await row.getByRole("combobox", { name: `Role of ${colleague}` }).selectOption("manager");
  await expect(page.getByText(`${colleague} has a new role`)).toBeVisible();
  await row.getByRole("button", { name: `Remove ${colleague}` }).click();
  const removing = dialog(page, `Remove ${colleague}?`);
  await removing.getByRole("button", { name: "Remove" }).click();
  await expect(row).toBeHidden();
  await theirs.reload();
  await expect(theirs.getByText(team)).toBeHidden();
  await theirs.close();

  await page.goto("/workspace");
  await page.getByRole("button", { name: "Close workspace" }).click();
  const closing = dialog(page, `Close “${team}”?`);
  await closing.getByRole("textbox").fill(team);
  await closing.getByRole("button", { name: "Close workspace" }).click();
  await expect(closing).toBeHidden();
  await expect(page.getByText("Closed", { exact: true })).toBeVisible();
});

test("look as a user, change nothing, and come back", async ({ page }) => {
  const name = unique("Vera");
  await create(page, name);
  await page.getByRole("table", { name: "Users" }).getByRole("button", { name, exact: true }).click();
  const drawer = dialog(page, name);
  await drawer.getByRole("button", { name: "View as" }).click();
  const why = dialog(page, `View as ${name}?`);
  await why.getByRole("textbox", { name: /^Reason/ }).fill("asked for help");
  await why.getByRole("button", { name: "View as" }).click();
  const banner = page.getByText(`is viewing as ${name}`);
  await expect(banner).toBeVisible();
  await expect(page.getByRole("link", { name: "Users" })).toBeHidden();
  const refused = await page.evaluate(async () => {
    const csrf = /ccm_csrf=([^;]+)/.exec(document.cookie)?.[1] ?? "";
    const answer = await fetch("/v1/keys", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
      body: JSON.stringify({ name: "mine" }),
    });
    return ((await answer.json()) as { code: string }).code;
  });
  expect(refused).toBe("accounts.view_only");
  await page.getByRole("button", { name: "End viewing" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Users" })).toBeVisible();
  await expect(banner).toBeHidden();
});
