import path from "node:path";

/**
 * Holds `app → features → shared`: an upper room may use a lower one, never the other way round,
 * and a feature is used by others only through its `index.ts`.
 */

const RANK = { app: 2, features: 1, shared: 0 };

function roomOf(file, root) {
  const [layer, ...rest] = path.relative(root, file).split(path.sep);
  return layer in RANK ? { layer, feature: layer === "features" ? rest[0] : undefined, rest } : undefined;
}

function targetOf(source, file, root) {
  if (source.startsWith("@/")) return path.join(root, source.slice(2));
  return source.startsWith(".") ? path.resolve(path.dirname(file), source) : undefined;
}

function broken(from, to) {
  if (RANK[to.layer] > RANK[from.layer]) return `${from.layer} may not import from ${to.layer}`;
  if (to.layer !== "features" || to.feature === from.feature) return undefined;
  const inside = to.rest.slice(1).join("/").replace(/\.ts$/, "");
  return inside === "" || inside === "index" ? undefined : `use the feature "${to.feature}" through its index.ts`;
}

export const boundaries = {
  meta: {
    type: "problem",
    schema: [{ type: "object", properties: { root: { type: "string" } }, additionalProperties: false }],
  },
  create(context) {
    const root = context.options[0].root;
    const from = roomOf(context.filename, root);
    function check(node) {
      const target = node.source && targetOf(String(node.source.value), context.filename, root);
      const to = target && roomOf(target, root);
      const message = from && to && broken(from, to);
      if (message) context.report({ node: node.source, message });
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};
