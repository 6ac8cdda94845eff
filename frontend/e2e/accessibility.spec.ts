import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, openScreen, screens, stranger, test } from "./support";

/** No serious finding on any screen, in light and in dark, at the desk and on a phone. */

async function findings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter((one) => one.impact === "serious" || one.impact === "critical")
    .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`));
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("sign-in", async ({ browser }) => {
      const context = await browser.newContext({ colorScheme, storageState: stranger });
      const page = await context.newPage();
      await page.goto("/sign-in");
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      expect(await findings(page)).toEqual([]);
      await context.close();
    });

    test("every screen", async ({ page }) => {
      test.setTimeout(600_000);
      for (const screen of screens) {
        await test.step(screen.path, async () => {
          await openScreen(page, screen);
          expect(await findings(page)).toEqual([]);
        });
      }
    });

    test("dialogs, drawers and tables of charts", async ({ page }) => {
      test.setTimeout(300_000);
      await page.goto("/");
      const opened = async (open: () => Promise<void>) => {
        await open();
        await page.waitForTimeout(400);
        expect(await findings(page)).toEqual([]);
      };
      await opened(async () => {
        await page.getByText("Table", { exact: true }).click();
      });
      await page.goto("/keys");
      await opened(() => page.getByRole("button", { name: "New API key" }).click());
      await page.goto("/usage?tab=events");
      await opened(() => page.locator("tbody button").first().click());
      await page.goto("/admin/workspaces");
      await opened(() => page.locator("tbody button").first().click());
      await opened(() => page.getByRole("tab", { name: "Grant credits" }).click());
      await page.goto("/admin/prices");
      await opened(() => page.getByRole("button", { name: "New price" }).click());
      await page.goto("/admin/gateways");
      await opened(() => page.getByRole("button", { name: "New gateway" }).click());
    });
  });
}
