import { expect, test as base, type Locator, type Page } from "@playwright/test";

/** What all walks share: signing in, finding things by what a person reads, and listening for complaints. */

export const email = process.env.E2E_EMAIL ?? "admin@example.com";
export const password = process.env.E2E_PASSWORD ?? "";

/** A walk fails on any script error and on anything that the content security policy had to stop. */
export const test = base.extend<{ complaints: string[] }>({
  complaints: [
    async ({ page }, use) => {
      const heard: string[] = [];
      page.on("pageerror", (error) => heard.push(error.message));
      page.on("console", (message) => {
        if (/content security policy/i.test(message.text())) heard.push(message.text());
      });
      await use(heard);
      expect(heard).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** For walks that begin as a stranger; the others start with the session that the setup has kept. */
export const stranger = { cookies: [], origins: [] };

export async function signIn(page: Page): Promise<void> {
  await page.goto("/sign-in");
  await page.locator("input[name=email]").fill(email);
  await page.locator("input[name=password]").fill(password);
  await page.locator("button[type=submit]").click();
  await page.waitForURL((address) => !address.pathname.startsWith("/sign-in"));
  await expect(page.locator("h1")).toBeVisible();
}

export async function openFromMenu(page: Page, name: string): Promise<void> {
  await page.getByRole("navigation", { name: "Main navigation" }).getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name, exact: true })).toBeVisible();
}

export function dialog(page: Page, name: string | RegExp): Locator {
  return page.getByRole("dialog", { name, exact: typeof name === "string" });
}

/** Names that no other run has used. */
export function unique(word: string): string {
  return `${word} ${Date.now().toString(36)}`;
}

/** All that can be opened from the menu, and what stands on it when it is there. */
export const screens = [
  { path: "/", heading: "Overview", ready: "[data-testid=balance]" },
  { path: "/usage", heading: "Usage", ready: "tfoot" },
  { path: "/usage?tab=events", heading: "Usage", ready: "tbody button" },
  { path: "/usage?group=model&split=none", heading: "Usage", ready: "tfoot" },
  { path: "/keys", heading: "API keys", ready: "tbody code" },
  { path: "/credits", heading: "Credits", ready: "tbody code" },
  { path: "/plan", heading: "Plan", ready: ".empty, [data-testid=allowance-left]" },
  { path: "/members", heading: "Members", ready: "tbody th" },
  { path: "/alerts", heading: "Alerts", ready: "form, .empty" },
  { path: "/notifications", heading: "Notifications", ready: "tbody th, .empty" },
  { path: "/webhooks", heading: "Webhooks", ready: "tbody th, .empty" },
  { path: "/workspace", heading: "Settings", ready: "code" },
  { path: "/profile", heading: "Profile", ready: "input[name=new-email]" },
  { path: "/security", heading: "Security", ready: "tbody th" },
  { path: "/privacy", heading: "Privacy", ready: ".el-checkbox" },
  { path: "/admin", heading: "Installation", ready: "[role=img]" },
  { path: "/admin/workspaces", heading: "Workspaces", ready: "tbody button" },
  { path: "/admin/users", heading: "Users", ready: "tbody button" },
  { path: "/admin/gateways", heading: "Gateways", ready: "tbody code" },
  { path: "/admin/packages", heading: "Packages", ready: "tbody button, .empty" },
  { path: "/admin/subscriptions", heading: "Subscriptions", ready: "tbody button, .empty" },
  { path: "/admin/vouchers", heading: "Vouchers", ready: "tbody button, .empty" },
  { path: "/admin/credit-requests", heading: "Credit requests", ready: "tbody th, .empty" },
  { path: "/admin/webhooks", heading: "Installation webhooks", ready: "tbody th, .empty" },
  { path: "/admin/prices", heading: "Prices", ready: "tbody button" },
  { path: "/admin/quarantine", heading: "Quarantine", ready: "tbody button, .empty" },
  { path: "/admin/audit-log", heading: "Audit log", ready: "tbody button" },
  { path: "/admin/books", heading: "Books", ready: "tbody th, .empty" },
] as const;

export async function openScreen(page: Page, screen: (typeof screens)[number]): Promise<void> {
  await page.goto(screen.path);
  await expect(page.locator(screen.ready).first()).toBeVisible();
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
}
