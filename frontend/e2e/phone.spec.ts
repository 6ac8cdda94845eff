import { expect, openScreen, screens, test } from "./support";

/** 390 pixels wide: everything can be reached and nothing sticks out. */

test("nothing is wider than the screen", async ({ page }) => {
  test.setTimeout(300_000);
  for (const screen of screens) {
    await test.step(screen.path, async () => {
      await openScreen(page, screen);
      const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      expect(content).toBeLessThanOrEqual(window ?? 0);
    });
  }
});

test("the menu is a drawer, and tables become cards", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Open menu" }).click();
  const menu = page.getByRole("dialog", { name: "ccmanage" });
  await menu.getByRole("link", { name: "API keys" }).click();
  await expect(menu).toBeHidden();
  await expect(page.getByRole("heading", { level: 1, name: "API keys" })).toBeVisible();
  const cell = page.getByRole("table", { name: "API keys" }).getByRole("cell").first();
  await expect(cell).toBeVisible();
  expect(await cell.evaluate((node) => getComputedStyle(node, "::before").content)).toBe('"Secret"');
});
