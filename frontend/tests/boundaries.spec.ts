import path from "node:path";
import { RuleTester } from "eslint";
import { describe, it } from "vitest";
import { boundaries } from "../eslint/boundaries.js";

RuleTester.describe = describe;
RuleTester.it = it;
RuleTester.itOnly = it.only;

const root = path.resolve("src");
const at = (file: string) => path.join(root, file);
const options = [{ root }];
const tester = new RuleTester({ languageOptions: { ecmaVersion: 2024, sourceType: "module" } });

tester.run("boundaries", boundaries, {
  valid: [
    { filename: at("app/main.ts"), code: 'import { routes } from "@/features/keys";', options },
    { filename: at("features/overview/index.ts"), code: 'import { useKeys } from "@/features/keys";', options },
    {
      filename: at("features/keys/pages/KeysPage.ts"),
      code: 'import { useKeys } from "../composables/useKeys";',
      options,
    },
    { filename: at("features/keys/api.ts"), code: 'import { api } from "@/shared/api";', options },
    { filename: at("shared/ui/index.ts"), code: 'import axios from "axios";', options },
  ],
  invalid: [
    {
      filename: at("shared/api/client.ts"),
      code: 'import { useSession } from "@/features/accounts";',
      options,
      errors: [{ message: "shared may not import from features" }],
    },
    {
      filename: at("features/keys/api.ts"),
      code: 'export { router } from "@/app/router";',
      options,
      errors: [{ message: "features may not import from app" }],
    },
    {
      filename: at("features/overview/api.ts"),
      code: 'const page = import("../keys/composables/useKeys");',
      options,
      errors: [{ message: 'use the feature "keys" through its index.ts' }],
    },
  ],
});
