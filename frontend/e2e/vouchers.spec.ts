import { dialog, expect, openFromMenu, test, unique } from "./support";

/** Codes are made, shown once, redeemed once; more credits are asked for and given. */

test("make vouchers, redeem one, a typo and a second time are told", async ({ page }) => {
  const name = unique("Launch");
  await page.goto("/");
  await openFromMenu(page, "Vouchers");
  await page.getByRole("button", { name: "New batch" }).click();
  const form = dialog(page, "New batch");
  await form.getByRole("textbox", { name: /^Name/ }).fill(name);
  await form.getByRole("textbox", { name: /^Credits each/ }).fill("4.5");
  await form.getByRole("textbox", { name: /^Codes/ }).fill("2");
  await form.getByRole("button", { name: "Create" }).click();
  const issued = dialog(page, `Codes of “${name}”`);
  const text = (await issued.getByRole("region", { name: "Codes" }).textContent()) ?? "";
  const [first = "", second = ""] = text.trim().split("\n");
  expect(first).toMatch(/^CCV(-[0-9A-Z]{4}){5}$/);
  const saved = page.waitForEvent("download");
  await issued.getByRole("button", { name: "Save as CSV" }).click();
  expect((await saved).suggestedFilename()).toMatch(/^vouchers-vch_.*\.csv$/);
  await issued.getByRole("button", { name: "I have stored it" }).click();

  await openFromMenu(page, "Credits");
  const field = page.getByRole("textbox", { name: "Voucher code" });
  const redeem = page.getByRole("button", { name: "Redeem" });
  await field.fill(first.slice(0, -1) + (first.endsWith("0") ? "1" : "0"));
  await redeem.click();
  await expect(page.getByText("There is a typo in this code.")).toBeVisible();
  await field.fill(first.toLowerCase());
  await redeem.click();
  await expect(page.getByText("4.50 credits added")).toBeVisible();
  await field.fill(second);
  await redeem.click();
  await expect(page.getByText("This workspace has redeemed a voucher of this kind already.")).toBeVisible();

  await openFromMenu(page, "Vouchers");
  const row = page.getByRole("table", { name: "Vouchers" }).getByRole("row", { name });
  await expect(row).toContainText("1 / 2");
  await row.getByRole("button", { name: "Withdraw" }).click();
  const why = dialog(page, `Withdraw “${name}”?`);
  await why.getByRole("textbox", { name: /^Reason/ }).fill("enough");
  await why.getByRole("button", { name: "Withdraw" }).click();
  await expect(row).toContainText("Withdrawn");
});

test("ask for credits, approve another amount", async ({ page }) => {
  const reason = unique("for the demo");
  await page.goto("/credits");
  await page.getByRole("button", { name: "Ask for credits" }).click();
  const form = dialog(page, "Ask for credits");
  await form.getByRole("textbox", { name: /^Credits/ }).fill("10");
  await form.getByRole("textbox", { name: /^What for/ }).fill(reason);
  await form.getByRole("button", { name: "Send the request" }).click();
  await expect(form).toBeHidden();
  await expect(page.getByText(reason)).toBeVisible();
  await openFromMenu(page, "Credit requests");
  const row = page.getByRole("table", { name: "Credit requests" }).getByRole("row").filter({ hasText: reason });
  await row.getByRole("button", { name: "Approve" }).click();
  const decide = dialog(page, /^Give credits to/);
  await decide.getByRole("textbox", { name: /^Credits/ }).fill("6");
  await decide.getByRole("textbox", { name: /^A word/ }).fill("enough for now");
  await decide.getByRole("button", { name: "Approve" }).click();
  await expect(decide).toBeHidden();
  await openFromMenu(page, "Credits");
  await expect(page.getByText("6.00 credits were given.")).toBeVisible();
  await expect(page.getByText("Answer: enough for now")).toBeVisible();
});
