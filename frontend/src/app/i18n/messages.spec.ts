import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { messages } from "./index";

type Tree = { [key: string]: string | Tree };

function leaves(tree: Tree, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") found.set(prefix + key, value);
    else for (const [inner, text] of leaves(value, `${prefix}${key}.`)) found.set(inner, text);
  }
  return found;
}

const en = leaves(messages.en as Tree);
const zh = leaves(messages.zh as Tree);
const placeholders = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].toSorted();

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(vue|ts)$/.test(name) && !/locales|\.spec\.ts|\.d\.ts/.test(name))
    .map((name) => readFileSync(path.join(folder, name), "utf8"));
}
const code = sources("src").join("\n");

describe("messages", () => {
  it("have the same keys in both languages", () => {
    expect([...zh.keys()].toSorted()).toEqual([...en.keys()].toSorted());
  });

  it("say something, with the same placeholders", () => {
    for (const [key, text] of en) {
      expect(text.trim(), key).not.toBe("");
      expect(zh.get(key)?.trim(), key).not.toBe("");
      expect(placeholders(zh.get(key) ?? ""), key).toEqual(placeholders(text));
    }
  });

  it("hold every key that the code names", () => {
    const named = [...code.matchAll(/(?:\$t|\bt)\(\s*["']([a-zA-Z]+(?:\.\w+)+)["']/g)].map((match) => match[1] ?? "");
    expect(named.length).toBeGreaterThan(200);
    expect(named.filter((key) => !en.has(key))).toEqual([]);
  });

  it("hold no key that nobody names", () => {
    const prefixes = [...code.matchAll(/`([a-zA-Z]+(?:\.\w+)*\.)\$\{/g)].map((match) => match[1] ?? "");
    const middles = [...code.matchAll(/`([a-zA-Z]+\.)\$\{[^}]+\}(\w+)`/g)].map(([, head, tail]) => `${head}*${tail}`);
    const dynamic = (key: string): boolean =>
      prefixes.some((prefix) => key.startsWith(prefix) && !middles.some((middle) => middle.startsWith(`${prefix}*`))) ||
      middles.some((middle) => new RegExp(`^${middle.replace(".", "\\.").replace("*", "\\w+")}$`).test(key)) ||
      key.startsWith("errors.");
    const unused = [...en.keys()].filter(
      (key) => !code.includes(`"${key}"`) && !code.includes(`'${key}'`) && !dynamic(key),
    );
    expect(unused).toEqual([]);
  });
});
