import { useQuery } from "@tanstack/vue-query";
import { computed, ref } from "vue";
import { useI18n } from "vue-i18n";
import { dismiss, listQuarantine, redrive } from "../api";
import type { Quarantined, QuarantineState } from "../types";
import { listGateways } from "@/features/gateways";
import { useAction, usePages, useSearchText } from "@/shared/composables";

const KEY = ["admin", "quarantine"];
const AFTER = [KEY, ["admin", "overview"], ["usage"], ["credits"]];

/** Events that could not be settled, and what to do about them. */
export function useQuarantine() {
  const { t } = useI18n();
  const state = ref<QuarantineState>("open");
  const gateway = ref("");
  const { text: code, settled } = useSearchText();
  const filter = computed(() => ({
    state: state.value,
    gateway_id: gateway.value || undefined,
    code: settled.value.trim() || undefined,
  }));
  const pages = usePages<Quarantined>(
    computed(() => [...KEY, filter.value]),
    (page) => listQuarantine(filter.value, page),
  );
  const gateways = useQuery({
    queryKey: ["admin", "gateways", "choice"],
    queryFn: () => listGateways({ limit: 200, cursor: undefined }),
  });
  return {
    pages,
    state,
    code,
    gateway,
    gateways: computed(() => gateways.data.value?.items ?? []),
    redrive: useAction((input: { id: string; keyId: string | null }) => redrive(input.id, input.keyId), {
      done: (answer) => t("quarantine.redriven", { batch: answer.batch_id }),
      refresh: AFTER,
      quiet: true,
    }),
    dismiss: useAction((input: { id: string; reason: string }) => dismiss(input.id, input.reason), {
      done: () => t("quarantine.dismissed"),
      refresh: AFTER,
      quiet: true,
    }),
  };
}
