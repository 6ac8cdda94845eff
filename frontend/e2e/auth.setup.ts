import { sessionFile } from "../playwright.config.ts";
import { signIn, test as setup } from "./support";

/** Signs in once for all walks: a password is slow to check, and meant to be. */
setup("sign in", async ({ page }) => {
  await signIn(page);
  await page.context().storageState({ path: sessionFile });
});
