import { useI18n } from "vue-i18n";
import { createGateway, listGateways, revokeGateway, rotateGateway } from "../api";
import type { Gateway, NewGateway } from "../types";
import { useAction, usePages } from "@/shared/composables";

const KEY = ["admin", "gateways"];

/** The machines that post usage. Answers of `create` and `rotate` hold the token, once. */
export function useGateways() {
  const { t } = useI18n();
  const refresh = [KEY, ["admin", "overview"]];
  return {
    pages: usePages<Gateway>(KEY, listGateways),
    create: useAction((body: NewGateway) => createGateway(body), { refresh, quiet: true }),
    rotate: useAction((input: { id: string; overlap: number }) => rotateGateway(input.id, input.overlap), {
      refresh,
      quiet: true,
    }),
    revoke: useAction((id: string) => revokeGateway(id), { done: () => t("gateways.revoked"), refresh, quiet: true }),
  };
}
