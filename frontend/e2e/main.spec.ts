import { dialog, expect, openFromMenu, signIn, stranger, test, unique } from "./support";

/** The way of everybody: see what is left and where it went, make a key, leave. */

test.describe("the whole way", () => {
  test.use({ storageState: stranger });

  test("sign in, look, make a key, rotate and revoke it, sign out", async ({ page, context }) => {
    test.setTimeout(180_000);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);

    await test.step("strangers are sent to sign in, and a wrong password is said to be wrong", async () => {
      await page.goto("/credits");
      await expect(page).toHaveURL(/\/sign-in\?redirect=/);
      await page.locator("input[name=email]").fill("nobody@example.com");
      await page.locator("input[name=password]").fill("not the password");
      await page.getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByRole("alert")).toBeVisible();
    });

    await test.step("the overview shows real figures", async () => {
      await signIn(page);
      await expect(page).toHaveTitle("Overview · ccmanage");
      await expect(page.getByTestId("balance")).toHaveText(/\d[\d,]*\.\d{2,} credits/);
      await expect(page.getByTestId("spend-month")).toContainText(/[1-9]/);
      await expect(page.getByRole("img", { name: "Credits by Day" }).locator("canvas")).toBeVisible();
      await page.getByText("24 hours", { exact: true }).click();
      await expect(
        page.getByRole("img", { name: "Credits by Hour" }).or(page.getByText("No usage here").first()),
      ).toBeVisible();
      await page.getByText("30 days", { exact: true }).click();
      await page.getByText("Table", { exact: true }).click();
      await expect(page.getByRole("table", { name: "Credits by Day" }).getByRole("row")).not.toHaveCount(0);
    });

    await test.step("the explorer groups, splits, filters and explains", async () => {
      await openFromMenu(page, "Usage");
      const figures = page.getByRole("table", { name: "Usage by group" });
      const total = figures.locator("tfoot td").last();
      await expect(total).toHaveText(/[1-9]/);
      const whole = await total.textContent();
      await page.getByRole("combobox", { name: "Group by" }).selectOption("month");
      await expect(page).toHaveURL(/group=month/);
      await expect(total).toHaveText(whole ?? "");
      await page.getByRole("combobox", { name: "Group by" }).selectOption("model");
      await page.getByRole("combobox", { name: "Split by" }).selectOption("none");
      await expect(figures.locator("tbody tr").first()).toBeVisible();
      const model = page.getByRole("combobox", { name: "Model" });
      const name = (await model.locator("option").nth(1).textContent()) ?? "";
      await model.selectOption({ index: 1 });
      await expect(figures.locator("tbody tr")).toHaveCount(1);
      await expect(figures.locator("tbody tr")).toContainText(name);
      await page.getByRole("tab", { name: "Calls" }).click();
      await page.getByRole("table", { name: "Calls" }).locator("tbody button").first().click();
      const call = dialog(page, "Call");
      await expect(call.getByRole("heading", { name: "Explain this charge" })).toBeVisible();
      await expect(call.getByRole("table", { name: "Explain this charge" }).locator("tfoot")).toContainText(/\d/);
      await page.keyboard.press("Escape");
      await expect(call).toBeHidden();
    });

    await test.step("a view can be kept: it lives in the address", async () => {
      await page.reload();
      await expect(page.getByRole("tab", { name: "Calls" })).toHaveAttribute("aria-selected", "true");
    });

    await test.step("usage can be taken away", async () => {
      const waiting = page.waitForEvent("download");
      await page.getByRole("button", { name: "Export" }).click();
      await page.getByRole("menuitem", { name: "Calls as CSV" }).click();
      expect((await waiting).suggestedFilename()).toMatch(/^usage-.*\.csv$/);
    });

    const key = unique("Laptop");
    const row = page.getByRole("table", { name: "API keys" }).getByRole("row", { name: key });

    await test.step("a key is issued and its secret shown once", async () => {
      await openFromMenu(page, "API keys");
      await page.getByRole("button", { name: "New API key" }).click();
      await dialog(page, "New API key").getByRole("textbox", { name: /^Name/ }).fill(key);
      await page.keyboard.press("Enter");
      const issued = dialog(page, `Secret of “${key}”`);
      const secret = (await issued.getByTestId("secret").textContent()) ?? "";
      expect(secret).toMatch(/^ccm_/);
      await issued.getByRole("button", { name: "Copy secret" }).click();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
      await issued.getByRole("textbox", { name: "Address of your LLM gateway" }).fill("https://llm.example.com");
      await expect(issued.getByRole("region", { name: "settings.json" })).toContainText(
        `"ANTHROPIC_AUTH_TOKEN": "${secret}"`,
      );
      await issued.getByRole("tab", { name: "bash / zsh" }).click();
      await expect(issued.getByRole("region", { name: "bash / zsh" })).toContainText(
        "export ANTHROPIC_BASE_URL='https://llm.example.com'",
      );
      await issued.getByRole("button", { name: "I have stored it" }).click();
      await expect(page.getByText(secret)).toHaveCount(0);
      await expect(row).toContainText("Active");
    });

    await test.step("it gets limits of its own, inside what the plan allows", async () => {
      await row.getByRole("button", { name: key, exact: true }).click();
      const drawer = dialog(page, key);
      await drawer.getByRole("tab", { name: "Change limits" }).click();
      await drawer.getByRole("textbox", { name: "Requests per minute" }).fill("1.5");
      await expect(drawer.getByRole("alert")).toHaveText("A whole number, or nothing");
      await expect(drawer.getByRole("button", { name: "Save" })).toBeDisabled();
      await drawer.getByRole("textbox", { name: "Requests per minute" }).fill("7");
      await drawer.getByRole("textbox", { name: "Credits per day" }).fill("0.5");
      await drawer.getByRole("textbox", { name: "Only these models" }).fill("claude-sonnet-*");
      await drawer.getByRole("button", { name: "Save" }).click();
      await expect(drawer.getByRole("listitem").filter({ hasText: "Requests per minute" })).toContainText("7 of 7 left");
      await expect(drawer.getByRole("listitem").filter({ hasText: "Credits per day" })).toContainText("0.50 of 0.50 left");
      await drawer.getByRole("tab", { name: "Change limits" }).click();
      await expect(drawer.getByRole("textbox", { name: "Only these models" })).toHaveValue("claude-sonnet-*");
      await page.keyboard.press("Escape");
      await expect(drawer).toBeHidden();
    });

    await test.step("it is rotated with an overlap, then revoked", async () => {
      await row.getByRole("button", { name: `Actions for ${key}` }).click();
      await page.getByRole("menuitem", { name: "Rotate" }).click();
      const rotate = dialog(page, `New secret for “${key}”`);
      await rotate.getByText("1 hour", { exact: true }).click();
      await rotate.getByRole("button", { name: "Rotate" }).click();
      await expect(dialog(page, `Secret of “${key}”`).getByTestId("secret")).toHaveText(/^ccm_/);
      await page.getByRole("button", { name: "I have stored it" }).click();
      await expect(row).toContainText("Old secret still works");
      await row.getByRole("button", { name: `Actions for ${key}` }).click();
      await page.getByRole("menuitem", { name: "Revoke" }).click();
      await dialog(page, `Revoke “${key}”?`).getByRole("button", { name: "Revoke" }).click();
      await expect(row).toContainText("Revoked");
    });

    await test.step("grants and ledger are there", async () => {
      await openFromMenu(page, "Credits");
      await expect(page.getByText(/ of .* left/).first()).toBeVisible();
      const ledger = page.getByRole("table", { name: "Ledger" });
      await expect(ledger.locator("tbody tr").first()).toContainText(/\d/);
      await page.getByRole("combobox", { name: "Kind" }).selectOption("grant");
      await expect(ledger.locator("tbody tr").first()).toContainText("Grant");
      await expect(ledger.locator("tbody")).not.toContainText("Usage");
    });

    await test.step("and out again", async () => {
      await page.getByRole("button", { name: /^Account/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
      await page.goto("/keys");
      await expect(page).toHaveURL(/\/sign-in/);
    });
  });
});

test("the keyboard is enough", async ({ page }) => {
  await page.goto("/keys");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("#content")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "New API key" })).toBeFocused();
  await page.keyboard.press("Enter");
  const form = dialog(page, "New API key");
  await expect(form).toBeVisible();
  await form.getByRole("textbox", { name: /^Name/ }).press("Tab");
  await page.keyboard.press("ArrowRight");
  await expect(form.getByRole("radio", { name: "30 days", exact: true })).toBeChecked();
  await page.keyboard.press("Escape");
  await expect(form).toBeHidden();
  await expect(page.getByRole("button", { name: "New API key" })).toBeFocused();
});

test("another workspace, other figures", async ({ page }) => {
  await page.goto("/");
  const choice = page.getByRole("combobox", { name: "Workspace" });
  await expect(page.getByTestId("balance")).toBeVisible();
  const before = await page.getByTestId("balance").textContent();
  await choice.selectOption({ index: 1 });
  await expect(page.getByTestId("balance")).not.toHaveText(before ?? "");
  await page.reload();
  await expect(page.getByTestId("balance")).not.toHaveText(before ?? "");
  await choice.selectOption({ index: 0 });
  await expect(page.getByTestId("balance")).toHaveText(before ?? "");
});
