import { dialog, expect, openFromMenu, test, unique } from "./support";

/** The way of whoever runs the installation. */

test.beforeEach(async ({ page }) => {
  await page.goto("/");
});

test("the installation at a glance", async ({ page }) => {
  await openFromMenu(page, "Installation");
  await expect(page.getByText("Batches waiting")).toBeVisible();
  await expect(page.getByRole("img", { name: "Credits by Day" }).locator("canvas")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Largest workspaces" })).toBeVisible();
});

test("grant credits to a workspace and void them again", async ({ page }) => {
  await openFromMenu(page, "Workspaces");
  const list = page.getByRole("table", { name: "Workspaces" });
  await page.getByRole("textbox", { name: "Search by name" }).fill("no such workspace");
  await expect(page.getByText("Nothing matches these filters")).toBeVisible();
  await page.getByRole("textbox", { name: "Search by name" }).fill("");
  await list.locator("tbody button").first().click();
  const drawer = page.getByRole("dialog").filter({ has: page.getByRole("tab", { name: "Grant credits" }) });
  await drawer.getByRole("tab", { name: "Grant credits" }).click();
  await drawer.getByRole("button", { name: "Grant credits" }).click();
  await expect(drawer.getByText("Please fill this in").first()).toBeVisible();
  await drawer.getByRole("textbox", { name: /^Credits/ }).fill("7.25");
  await drawer.getByRole("combobox", { name: "Origin" }).selectOption("compensation");
  await drawer.getByRole("textbox", { name: /^Reason/ }).fill("an outage");
  await drawer.getByRole("button", { name: "Grant credits" }).click();
  const given = drawer
    .getByRole("table", { name: "All grants" })
    .getByRole("row", { name: /^Compensation/ })
    .first();
  await expect(given).toContainText("7.25");
  await drawer.getByRole("tab", { name: "Ledger" }).click();
  await expect(drawer.getByRole("table", { name: "Ledger" }).locator("tbody tr").first()).toContainText(/\d/);
  await drawer.getByRole("tab", { name: "Grants" }).click();
  await given.getByRole("button", { name: "Void" }).click();
  const why = dialog(page, "Void this grant?");
  await why.getByRole("textbox", { name: /^Reason/ }).fill("granted by mistake");
  await why.getByRole("button", { name: "Void" }).click();
  await expect(why).toBeHidden();
  await expect(given).toContainText("Voided");
});

test("create a gateway, see its token once, rotate and revoke it", async ({ page }) => {
  const name = unique("Proxy");
  await openFromMenu(page, "Gateways");
  await page.getByRole("button", { name: "New gateway" }).click();
  await dialog(page, "New gateway").getByRole("textbox", { name: /^Name/ }).fill(name);
  await dialog(page, "New gateway").getByRole("button", { name: "Create" }).click();
  const issued = dialog(page, `Token of “${name}”`);
  const token = (await issued.getByTestId("secret").textContent()) ?? "";
  expect(token).toMatch(/^ccg_/);
  await expect(issued.getByRole("region", { name: "curl" })).toContainText(`Bearer ${token}`);
  await issued.getByRole("button", { name: "I have stored it" }).click();
  const row = page.getByRole("table", { name: "Gateways" }).getByRole("row", { name });
  await row.getByRole("button", { name: "Rotate" }).click();
  await dialog(page, `New token for “${name}”`).getByRole("button", { name: "Rotate" }).click();
  await expect(issued.getByTestId("secret")).toHaveText(/^ccg_/);
  await issued.getByRole("button", { name: "I have stored it" }).click();
  await row.getByRole("button", { name: "Revoke" }).click();
  await dialog(page, `Revoke “${name}”?`).getByRole("button", { name: "Revoke" }).click();
  await expect(row).toContainText("Revoked");
});

test("create a user, suspend and reactivate them", async ({ page }) => {
  const name = unique("Grace");
  await openFromMenu(page, "Users");
  await page.getByRole("button", { name: "New user" }).click();
  const form = dialog(page, "Create a user");
  await form.getByRole("textbox", { name: /^Name/ }).fill(name);
  await form.getByRole("textbox", { name: /^Email/ }).fill(`${name.replace(" ", ".").toLowerCase()}@example.com`);
  await form.getByRole("button", { name: "Generate" }).click();
  await form.getByRole("button", { name: "Create" }).click();
  await expect(form).toBeHidden();
  const row = page.getByRole("table", { name: "Users" }).getByRole("row", { name });
  await row.getByRole("button", { name: "Suspend" }).click();
  const why = dialog(page, `Suspend ${name}?`);
  await why.getByRole("textbox", { name: /^Reason/ }).fill("left the company");
  await why.getByRole("button", { name: "Suspend" }).click();
  await expect(row).toContainText("Suspended");
  await row.getByRole("button", { name: "Reactivate" }).click();
  await expect(row).toContainText("Active");
});

test("prices: find one, set one, withdraw it, compare with the library, try a call", async ({ page }) => {
  const pattern = `walk-${Date.now().toString(36)}`;
  await openFromMenu(page, "Prices");
  const book = page.getByRole("table", { name: "Prices" });
  await expect(book.locator("tbody tr").first()).toBeVisible();
  await page.getByRole("button", { name: "New price" }).click();
  const form = dialog(page, "New price");
  await form.getByRole("textbox", { name: /^Model pattern/ }).fill(pattern);
  await form.getByRole("textbox", { name: "Input", exact: true }).fill("3");
  await form.getByRole("textbox", { name: "Output", exact: true }).fill("15.5");
  await form.getByRole("button", { name: "Add a context tier" }).click();
  await form.getByRole("textbox", { name: /^Above this many/ }).fill("200000");
  await form.getByRole("button", { name: "Add price" }).click();
  await expect(form).toBeHidden();
  await page.getByRole("textbox", { name: "Search by model" }).fill(pattern);
  await expect(book.locator("tbody tr")).toHaveCount(1);
  await book.getByRole("button", { name: pattern }).click();
  const detail = dialog(page, pattern);
  await expect(detail.getByRole("table")).toContainText("Above 200,000 input tokens");
  await detail.getByRole("button", { name: "Withdraw" }).click();
  const why = dialog(page, `Withdraw the price for “${pattern}”?`);
  await why.getByRole("textbox", { name: /^Reason/ }).fill("it was a walk");
  await why.getByRole("button", { name: "Withdraw" }).click();
  await expect(detail).toBeHidden();
  await expect(book.locator("tbody tr").first()).toContainText("Withdrawn");

  await page.getByRole("button", { name: "Import from library" }).click();
  const compare = dialog(page, "Import from the price library");
  await expect(compare.getByText(/prices stay as they are/)).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "Try a call" }).click();
  await page.getByRole("button", { name: "Calculate" }).click();
  await expect(page.getByRole("table", { name: "Try a call" }).locator("tfoot")).toContainText(/\d/);
  await page.getByRole("tab", { name: "Unpriced models" }).click();
  await expect(page.getByRole("heading", { name: "Unpriced models" })).toBeVisible();
});

test("quarantine: open an event, post it anew for a key, dismiss another", async ({ page }) => {
  await page.goto("/keys");
  await expect(page.getByRole("table", { name: "API keys" }).locator("tbody code").first()).toBeVisible();
  const keyId = await page.evaluate(async () => {
    const answer = await fetch("/v1/keys?limit=200");
    const { items } = (await answer.json()) as { items: { id: string; state: string }[] };
    return items.find((one) => one.state === "active")?.id ?? "";
  });
  expect(keyId).toMatch(/^key_/);
  await openFromMenu(page, "Quarantine");
  const list = page.getByRole("table", { name: "Quarantine" });
  await expect(list.locator("tbody tr").first()).toBeVisible();
  const before = await list.locator("tbody tr").count();
  await list.locator("tbody button").first().click();
  const drawer = dialog(page, "Quarantined event");
  await expect(drawer.getByRole("region", { name: "What was posted" })).toContainText("model");
  await drawer.getByRole("button", { name: "Dismiss" }).click();
  const why = dialog(page, "Dismiss this event?");
  await why.getByRole("textbox", { name: /^Reason/ }).fill("sent by a test");
  await why.getByRole("button", { name: "Dismiss" }).click();
  await expect(drawer).toBeHidden();
  if (before > 1) {
    await expect(list.locator("tbody tr")).toHaveCount(before - 1);
    await list.locator("tbody button").first().click();
    await drawer.getByRole("button", { name: "Post anew" }).click();
    const again = dialog(page, "Post this event anew?");
    await again.getByRole("combobox", { name: "For another key" }).fill(keyId);
    await again.getByRole("button", { name: "Post anew" }).click();
    await expect(drawer).toBeHidden();
  }
  await page.getByText("Resolved", { exact: true }).click();
  await expect(list.getByText("Dismissed").first()).toBeVisible();
});

test("the audit log knows who did it, and the books are looked at", async ({ page }) => {
  await openFromMenu(page, "Audit log");
  const log = page.getByRole("table", { name: "Audit log" });
  await page.getByRole("textbox", { name: /^Action, e\.g\./ }).fill("accounts.sign_in");
  await expect(log.locator("tbody tr").first()).toContainText("accounts.sign_in");
  await log.locator("tbody button").first().click();
  await expect(dialog(page, "accounts.sign_in").getByText(/^(Seal|Waits for its seal)/).first()).toBeVisible();
  await page.keyboard.press("Escape");
  await openFromMenu(page, "Books");
  await expect(page.getByText(/In order|Not checked yet/).first()).toBeVisible();
});
