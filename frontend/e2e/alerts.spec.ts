import { dialog, expect, openFromMenu, test, unique } from "./support";

/** Being told in time: thresholds with their preview, the bell and its list, webhooks with their log. */

test("a threshold shows what it would have done, is set, changed and removed", async ({ page }) => {
  await page.goto("/");
  await openFromMenu(page, "Alerts");
  await page.getByRole("button", { name: "New threshold" }).click();
  const form = dialog(page, "New threshold");
  await form.getByRole("combobox", { name: "Tell me when" }).selectOption("spend_per_day");
  // Ends in a digit that is not dropped: 0.50 would come back as 0.5.
  const amount = `0.${String(Date.now() % 100_000_000).padStart(8, "0")}1`;
  await form.getByRole("textbox", { name: "Credits spent in a day" }).fill(amount);
  await expect(form.getByTestId("trial")).toContainText(/In the last month it would/);
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form).toBeHidden();
  const row = page.getByRole("table", { name: "Thresholds" }).getByRole("row", { name: new RegExp(amount) });
  await expect(row).toContainText("Armed");
  await row.getByRole("button", { name: "Change" }).click();
  const change = dialog(page, "Change the threshold");
  await expect(change.getByRole("combobox", { name: "Tell me when" })).toBeDisabled();
  await change.getByText("Also by mail").click();
  await change.getByRole("button", { name: "Save" }).click();
  await expect(change).toBeHidden();
  await expect(row).not.toContainText("mail");
  await row.getByRole("button", { name: "Remove" }).click();
  await dialog(page, "Remove this threshold?").getByRole("button", { name: "Remove" }).click();
  await expect(row).toHaveCount(0);
});

test("quiet hours and summaries are kept", async ({ page }) => {
  await page.goto("/alerts");
  await page.getByText("Once a day", { exact: true }).click();
  await page.getByLabel("At", { exact: true }).fill("07:45");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved").first()).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("At", { exact: true })).toHaveValue("07:45");
  await page.getByText("At once", { exact: true }).click();
  await page.getByRole("button", { name: "Save" }).click();
});

test("the bell leads to the list", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: /^Notifications/ }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Notifications" })).toBeVisible();
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await expect(page.getByTestId("unread")).toHaveCount(0);
  await page.getByText("Unread", { exact: true }).click();
  await expect(page.getByText("You have read everything")).toBeVisible();
});

test("a webhook shows its secret once, is tested, looked at and taken away", async ({ page }) => {
  const name = unique("Robot");
  await page.goto("/");
  await openFromMenu(page, "Webhooks");
  await page.getByRole("button", { name: "New webhook" }).click();
  const form = dialog(page, "New webhook");
  await form.getByRole("textbox", { name: "Name" }).fill(name);
  await form.getByRole("textbox", { name: "Address" }).fill("https://127.0.0.1/hook");
  await form.getByRole("button", { name: "Create" }).click();
  await expect(form.getByRole("alert")).toBeVisible();
  await form.getByRole("textbox", { name: "Address" }).fill("https://hooks.invalid.example.com/ccmanage");
  await form.getByRole("button", { name: "Create" }).click();
  const secret = dialog(page, `Secret of “${name}”`);
  await expect(secret.getByTestId("secret")).toHaveText(/^whsec_/);
  await secret.getByRole("button", { name: "I have stored it" }).click();
  await expect(page.getByTestId("secret")).toHaveCount(0);

  const row = page.getByRole("table", { name: "Webhooks" }).getByRole("row", { name: new RegExp(name) });
  await row.getByRole("button", { name: "Test" }).click();
  const log = dialog(page, `What was sent to “${name}”`);
  await log.getByRole("button", { name: "webhook.test" }).click();
  await expect(log.getByTestId("delivery")).toContainText("msg_");
  await expect(log.getByTestId("delivery").getByRole("listitem").first()).toContainText(/address\.none|send\./, {
    timeout: 20_000,
  });
  await log.getByRole("button", { name: "Send again" }).click();
  await page.keyboard.press("Escape");
  await row.getByRole("button", { name: "New secret" }).click();
  await dialog(page, `New secret for “${name}”`).getByRole("button", { name: "New secret" }).click();
  await page.getByRole("button", { name: "I have stored it" }).click();
  await row.getByRole("button", { name: "Remove" }).click();
  await dialog(page, `Remove “${name}”?`).getByRole("button", { name: "Remove" }).click();
  await expect(row).toHaveCount(0);
});
