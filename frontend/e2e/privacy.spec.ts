import { readFile } from "node:fs/promises";
import { dialog, email, expect, password, stranger, test, unique } from "./support";

/** One's own data: a copy of it on one's disk, the end of the account asked for and taken back. */

test.use({ storageState: stranger });

const SECRET = "a password for the walk";
const sizes = [
  { name: "on a desk", width: 1440, height: 900 },
  { name: "on a phone", width: 390, height: 844 },
];

for (const { name, ...viewport } of sizes) {
  test(`a copy, the end, and a change of mind, ${name}`, async ({ page, request }) => {
    await page.setViewportSize(viewport);
    const mine = `${unique("privacy").replace(/\s/g, ".")}@example.com`;
    const login = await request.post("/v1/auth/login", { data: { email, password } });
    const { access_token: boss } = await login.json();
    const made = await request.post("/v1/admin/users", {
      data: { email: mine, name: "Pia Private", password: SECRET },
      headers: { Authorization: `Bearer ${boss}` },
    });
    expect(made.status()).toBe(201);

    await page.goto("/sign-in");
    await page.locator("input[name=email]").fill(mine);
    await page.locator("input[name=password]").fill(SECRET);
    await page.locator("button[type=submit]").click();
    await page.waitForURL((address) => !address.pathname.startsWith("/sign-in"));
    await page.goto("/privacy");
    await expect(page.getByRole("heading", { level: 1, name: "Privacy" })).toBeVisible();
    const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(content).toBeLessThanOrEqual(window ?? 0);

    await page.getByRole("button", { name: "Make a copy" }).click();
    const fetch = page.getByRole("button", { name: "Download" });
    await expect(fetch).toBeVisible({ timeout: 90_000 });
    const [download] = await Promise.all([page.waitForEvent("download"), fetch.click()]);
    expect(download.suggestedFilename()).toBe("my-data.zip");
    const file = await readFile(await download.path());
    expect(file.subarray(0, 4).toString("latin1")).toBe("PK\u0003\u0004");
    expect(file.includes("profile.json")).toBe(true);

    await page.getByRole("button", { name: "Delete my account" }).click();
    const sure = dialog(page, "Delete your account");
    await sure.getByRole("button", { name: "Cancel" }).click();
    await expect(sure).toBeHidden();
    await page.getByRole("button", { name: "Delete my account" }).click();
    // Whoever signed in just now need not prove it again.
    await sure.getByRole("button", { name: "Delete my account" }).click();
    await expect(sure).toBeHidden();
    await expect(page.getByText("Your account will be deleted on")).toBeVisible();

    await page.getByRole("button", { name: "Keep my account" }).click();
    await expect(page.getByRole("button", { name: "Delete my account" })).toBeVisible();
    await page.reload();
    await expect(page.getByRole("button", { name: "Delete my account" })).toBeVisible();
  });
}
