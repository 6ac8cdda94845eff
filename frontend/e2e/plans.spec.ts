import type { Locator, Page } from "@playwright/test";
import { dialog, expect, openFromMenu, test, unique } from "./support";

/** From a draft to a plan that its owner upgrades and cancels, each change shown before it is made. */

async function publishPackage(page: Page, name: string, allowance: string): Promise<void> {
  await openFromMenu(page, "Packages");
  await page.getByRole("button", { name: "New package" }).click();
  const form = dialog(page, "New package");
  await form.getByRole("textbox", { name: /^Name/ }).fill(name);
  await form.getByText("Owners of workspaces may choose it themselves").click();
  await form.getByRole("textbox", { name: /^Allowance/ }).fill(allowance);
  await form.getByRole("textbox", { name: /^Rolls over/ }).fill("50");
  // The explanation follows what is typed.
  await expect(form.getByText(`${allowance}.00 credits every month.`)).toBeVisible();
  await expect(form.getByText(/50 % of what is left rolls over/)).toBeVisible();
  await form.getByRole("button", { name: "Save draft" }).click();
  await expect(form).toBeHidden();
  const drawer = dialog(page, name);
  await drawer.getByRole("button", { name: "Publish draft" }).click();
  await expect(drawer.getByText("Published").first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
}

/** Type a part of the name, for a long list shows only its beginning, and take what is found. */
async function choose(page: Page, field: Locator, name: string): Promise<void> {
  await field.click();
  await field.pressSequentially(name);
  await page.locator(".el-select-dropdown__item:visible").filter({ hasText: name }).first().click();
}

test("draft, publish, assign, upgrade with a preview, cancel", async ({ page }) => {
  const [small, large] = [unique("Small"), unique("Large")];
  await page.goto("/");
  await publishPackage(page, small, "20");
  await publishPackage(page, large, "80");

  await openFromMenu(page, "Subscriptions");
  await page.getByRole("button", { name: "Assign a package" }).click();
  const form = dialog(page, "Assign a package");
  await choose(page, form.getByRole("combobox", { name: "Workspace" }), "Personal · Admin");
  await choose(page, form.getByRole("combobox", { name: "Package" }), small);
  await form.getByRole("textbox", { name: /^Reason/ }).fill("a plan for the walk");
  await form.getByRole("button", { name: "Assign" }).click();
  await expect(form).toBeHidden();
  const list = page.getByRole("table", { name: "Subscriptions" });
  const row = list.getByRole("row", { name: new RegExp(small) });
  await expect(row).toContainText("Active");

  await row.getByRole("button").click();
  const drawer = page.getByRole("dialog").filter({ hasText: "Past resets" });
  await expect(drawer.getByRole("table", { name: "Past resets" })).toContainText("Assigned");
  await drawer.getByRole("button", { name: "Reset now" }).click();
  const reset = dialog(page, "Reset now");
  await reset.getByRole("textbox", { name: /^Reason/ }).fill("a dry run first");
  await reset.getByRole("button", { name: "Show what happens" }).click();
  await expect(reset.getByText("This would reset 1. Nothing has been changed yet.")).toBeVisible();
  await reset.getByRole("button", { name: "Reset them" }).click();
  await expect(reset.getByText("1 were reset.")).toBeVisible();
  await reset.getByRole("button", { name: "Close", exact: true }).last().click();
  await expect(drawer.getByRole("table", { name: "Past resets" })).toContainText("Reset by hand");
  await page.keyboard.press("Escape");

  await page.getByRole("tab", { name: "Reset calendar" }).click();
  await page.getByRole("button", { name: "Next month" }).click();
  await expect(page.getByRole("table", { name: "Coming resets" })).toContainText(small);

  await openFromMenu(page, "Plan");
  await expect(page.getByRole("heading", { name: small, level: 2, exact: true })).toBeVisible();
  await expect(page.getByTestId("allowance-left")).toContainText("left of 20.00");
  await expect(page.getByRole("img", { name: "What other plans would have meant" })).toBeVisible();
  await page.getByRole("button", { name: `Choose ${large}` }).click();
  const change = dialog(page, `Change to ${large}?`);
  const entries = change.getByRole("table", { name: "Entries that will be written" });
  await expect(entries.getByRole("row", { name: /^Grant/ })).toContainText("+80.00");
  const shown = await entries.locator("tbody").innerText();
  await change.getByRole("button", { name: "Change as shown" }).click();
  await expect(change.getByText("Done, exactly as it was shown.")).toBeVisible();
  expect(await change.getByRole("table", { name: "What was written" }).locator("tbody").innerText()).toBe(shown);
  await change.getByRole("button", { name: "Close", exact: true }).last().click();
  await expect(page.getByRole("heading", { name: large, level: 2, exact: true })).toBeVisible();

  await page.getByRole("button", { name: "Cancel plan" }).click();
  const cancel = dialog(page, "Cancel the plan?");
  await expect(cancel.getByText("Takes effect at the end of the period")).toBeVisible();
  await cancel.getByRole("button", { name: "Cancel as shown" }).click();
  await expect(cancel.getByText("Done, exactly as it was shown.")).toBeVisible();
  await cancel.getByRole("button", { name: "Close", exact: true }).last().click();
  await expect(page.getByRole("note")).toContainText("Cancelled: ends with the period");
  await page.getByRole("button", { name: "Keep as it is" }).click();
  await expect(page.getByRole("note")).toHaveCount(0);
});

test("an entry of the ledger is reversed, a grant expires now", async ({ page }) => {
  await page.goto("/");
  await openFromMenu(page, "Workspaces");
  await page.getByRole("table", { name: "Workspaces" }).locator("tbody button").first().click();
  const drawer = page.getByRole("dialog").filter({ has: page.getByRole("tab", { name: "Grant credits" }) });
  await drawer.getByRole("tab", { name: "Grant credits" }).click();
  await drawer.getByRole("textbox", { name: /^Credits/ }).fill("3.5");
  await drawer.getByRole("textbox", { name: /^Reason/ }).fill("to be taken back");
  await drawer.getByRole("button", { name: "Grant credits" }).click();
  const grants = drawer.getByRole("table", { name: "All grants" });
  await expect(grants.locator("tbody tr").first()).toContainText("3.50");
  await grants.locator("tbody tr").first().getByRole("button", { name: "Expire now" }).click();
  const why = dialog(page, "Let this grant expire now?");
  await why.getByRole("textbox", { name: /^Reason/ }).fill("over");
  await why.getByRole("button", { name: "Expire now" }).click();
  await expect(grants.locator("tbody tr").first()).toContainText("Expired");
  await drawer.getByRole("tab", { name: "Ledger" }).click();
  const first = drawer.getByRole("table", { name: "Ledger" }).locator("tbody tr").first();
  await expect(first).toContainText("Expiry");
  await first.getByRole("button", { name: "Reverse" }).click();
  const reverse = dialog(page, /^Reverse entry/);
  await reverse.getByRole("textbox", { name: /^Reason/ }).fill("not over after all");
  await reverse.getByRole("button", { name: "Reverse" }).click();
  await expect(first).toContainText("Reversal");
  await expect(first).toContainText("+3.50");
});
