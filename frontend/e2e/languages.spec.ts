import { expect, screens, test } from "./support";

/** Chinese everywhere, remembered by the account; then back, so that the next walk finds English. */

test("the portal speaks Chinese", async ({ page }) => {
  test.setTimeout(300_000);
  await page.goto("/");
  try {
    await page.getByText("中文", { exact: true }).click();
    await expect(page.getByRole("heading", { level: 1, name: "总览" })).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
    for (const screen of screens) {
      await page.goto(screen.path);
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(/\p{Script=Han}/u);
      await expect(page.locator(screen.ready).first()).toBeVisible();
      // A key that has no words would stand there as itself; actions and reasons of the log look alike, but have no capitals.
      await expect(page.getByText(/\b(common|table|usage|keys|credits|pricing|overview)\.[a-z]+[A-Z]\w*/)).toHaveCount(
        0,
      );
    }
    await page.goto("/");
    await expect(page.getByRole("radio", { name: "中文" })).toBeChecked();
  } finally {
    await page.goto("/");
    await page.getByText("EN", { exact: true }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  }
});

test("light, dark, and as the system wants it", async ({ page }) => {
  await page.goto("/");
  const html = page.locator("html");
  const choose = async (name: string) => {
    await page.getByRole("button", { name: "Colours" }).click();
    await page.getByRole("menuitem", { name }).click();
  };
  await choose("Dark");
  await expect(html).toHaveClass(/dark/);
  await page.reload();
  await expect(html).toHaveClass(/dark/);
  await choose("Light");
  await expect(html).not.toHaveClass(/dark/);
  await choose("As the system");
  await page.emulateMedia({ colorScheme: "dark" });
  await expect(html).toHaveClass(/dark/);
});
