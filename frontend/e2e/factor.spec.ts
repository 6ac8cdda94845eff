import { codeOf } from "./people";
import { dialog, email, expect, password, signIn, stranger, test, unique } from "./support";

/** A second factor from setting it up to signing in with it, and the sessions that it guards, as a new person. */

test.use({ storageState: stranger });

test("a second factor, its recovery codes, sessions and tokens", async ({ page, request }) => {
  const mine = `${unique("factor").replace(/\s/g, ".")}@example.com`;
  const login = await request.post("/v1/auth/login", { data: { email, password } });
  const { access_token: boss } = await login.json();
  const made = await request.post("/v1/admin/users", {
    data: { email: mine, name: "Faye Factor", password: "a password for the walk" },
    headers: { Authorization: `Bearer ${boss}` },
  });
  expect(made.status()).toBe(201);

  async function firstStep(): Promise<void> {
    await page.goto("/sign-in");
    await page.locator("input[name=email]").fill(mine);
    await page.locator("input[name=password]").fill("a password for the walk");
    await page.locator("button[type=submit]").click();
  }

  await firstStep();
  await page.waitForURL((address) => !address.pathname.startsWith("/sign-in"));
  await page.goto("/security");
  await page.getByRole("button", { name: "Set up a second factor" }).click();
  const setUp = dialog(page, "Set up a second factor");
  await expect(setUp.getByRole("img", { name: "Picture to scan" })).toBeVisible();
  const secret = (await setUp.getByTestId("factor-secret").innerText()).replace(/\s/g, "");
  await setUp.getByLabel("Code").fill("000000");
  await setUp.getByRole("button", { name: "Turn on" }).click();
  await expect(setUp.getByRole("alert")).toContainText("not right");
  await setUp.getByLabel("Code").fill(codeOf(secret, -1));
  await setUp.getByRole("button", { name: "Turn on" }).click();
  const codes = await setUp.getByTestId("recovery-codes").getByRole("listitem").allInnerTexts();
  expect(codes).toHaveLength(10);
  await setUp.getByRole("button", { name: "I have stored them" }).click();
  await expect(page.getByText("10 recovery codes left.")).toBeVisible();

  // Out, and in again in two steps: a wrong code, then the right one.
  await page.context().clearCookies();
  await firstStep();
  await expect(page.locator("input[name=code]")).toBeFocused();
  await page.locator("input[name=code]").fill("123456");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("not right");
  await page.locator("input[name=code]").fill(codeOf(secret));
  await page.keyboard.press("Enter");
  await page.waitForURL((address) => !address.pathname.startsWith("/sign-in"));

  // Two sessions are open: this one and the one whose cookies are gone. The other is ended.
  await page.goto("/security");
  const sessions = page.getByRole("region", { name: "Sessions" });
  await expect(sessions.getByText("This one")).toHaveCount(1);
  await sessions.getByRole("button", { name: "End all others" }).click();
  await dialog(page, "End all other sessions?").getByRole("button", { name: "End all others" }).click();
  await expect(page.getByText("1 sessions ended")).toBeVisible();

  // A token for a script, shown once.
  await page.getByRole("button", { name: "New token" }).click();
  const token = dialog(page, "Make an access token");
  await token.getByRole("textbox", { name: "Name" }).fill("walk");
  await token.getByRole("button", { name: "Create" }).click();
  const shown = await page.getByTestId("secret").innerText();
  const asked = await request.get("/v1/usage/events", { headers: { Authorization: `Bearer ${shown}` } });
  expect(asked.status()).toBe(200);
  await page.getByRole("button", { name: "I have stored it" }).click();

  // A recovery code opens the account once.
  await page.context().clearCookies();
  await firstStep();
  await page.getByRole("button", { name: "Use a recovery code" }).click();
  await page.locator("input[name=code]").fill(codes[0] ?? "");
  await page.keyboard.press("Enter");
  await page.waitForURL((address) => !address.pathname.startsWith("/sign-in"));
  await page.goto("/security");
  await expect(page.getByText("9 recovery codes left.")).toBeVisible();
});

test("a proof that is too old is asked for once more, and the deed goes on", async ({ page }) => {
  await signIn(page);
  let asked = 0;
  await page.route("**/v1/me/tokens", async (route) => {
    if (route.request().method() !== "POST" || asked++ > 0) return route.fallback();
    await route.fulfill({
      status: 403,
      contentType: "application/problem+json",
      body: JSON.stringify({ status: 403, code: "auth.step_up_required", detail: "Confirm that it is you." }),
    });
  });
  await page.goto("/security");
  await page.getByRole("button", { name: "New token" }).click();
  const token = dialog(page, "Make an access token");
  await token.getByRole("textbox", { name: "Name" }).fill(unique("proof"));
  await token.getByRole("button", { name: "Create" }).click();
  const proof = dialog(page, "Confirm that it is you");
  await proof.locator("input[name=proof]").fill(password);
  await proof.getByRole("button", { name: "Confirm" }).click();
  await expect(page.getByTestId("secret")).toBeVisible();
});
