import { defineConfig, devices } from "@playwright/test";

/** Where the setup keeps its session; the output folder is emptied before each run. */
export const sessionFile = "test-results/session.json";

/** The specs walk a real server with the demo data; whoever runs them starts it and names it in E2E_BASE_URL. */
const launchOptions = {
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export default defineConfig({
  testDir: "e2e",
  fullyParallel: false,
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    baseURL: process.env.E2E_BASE_URL ?? "http://127.0.0.1:8000",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    timezoneId: "Europe/Berlin",
    locale: "en-GB",
  },
  projects: [
    { name: "setup", testMatch: /auth\.setup/, use: { ...devices["Desktop Chrome"], launchOptions } },
    {
      name: "desktop",
      dependencies: ["setup"],
      testIgnore: /phone\.spec/,
      use: {
        ...devices["Desktop Chrome"],
        viewport: { width: 1440, height: 900 },
        storageState: sessionFile,
        launchOptions,
      },
    },
    {
      name: "phone",
      dependencies: ["setup"],
      testMatch: /(phone|accessibility)\.spec/,
      use: { ...devices["Pixel 7"], viewport: { width: 390, height: 844 }, storageState: sessionFile, launchOptions },
    },
  ],
});
