import { createHmac } from "node:crypto";
import type { APIRequestContext, Page } from "@playwright/test";
import AxeBuilder from "@axe-core/playwright";
import { expect } from "./support";

/** What people have at hand who get an account: their mailbox, their authenticator, and eyes for what is wrong. */

export async function linkIn(admin: APIRequestContext, address: string, template: string): Promise<string> {
  let link = "";
  await expect
    .poll(
      async () => {
        const list = await admin.get("/v1/admin/emails", { params: { address, template } });
        const [mail] = ((await list.json()) as { items: { id: string }[] }).items;
        if (!mail) return "";
        const detail = await admin.get(`/v1/admin/emails/${mail.id}`);
        const { content } = (await detail.json()) as { content: { text: string } | null };
        link = /https?:\/\/\S+#t=[\w-]+/.exec(content?.text ?? "")?.[0] ?? "";
        return link;
      },
      { timeout: 20_000 },
    )
    .not.toBe("");
  const { pathname, hash } = new URL(link);
  return pathname + hash;
}

/** Looks until colours have faded in; the pointer lies where nothing is, so that nothing is hovered over. */
export async function clean(page: Page): Promise<void> {
  await page.mouse.move(0, 0);
  await expect
    .poll(async () => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      return violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")}`));
    })
    .toEqual([]);
}

export async function signInAs(page: Page, address: string, password: string): Promise<void> {
  await page.goto("/sign-in");
  await page.locator("input[name=email]").fill(address);
  await page.locator("input[name=password]").fill(password);
  await page.locator("button[type=submit]").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The authenticator app: a code of RFC 6238 for a secret, some steps from now. */
export function codeOf(secret: string, steps = 0): string {
  const bits = [...secret].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac("sha1", key).update(counter).digest();
  const start = (digest.at(-1) ?? 0) & 15;
  return String((digest.readUInt32BE(start) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
