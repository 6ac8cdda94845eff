import { useQuery } from "@tanstack/vue-query";
import { useI18n } from "vue-i18n";
import { beginEnrolment, confirmEnrolment, disableFactor, fetchFactor, renewRecoveryCodes } from "../api";
import { useSession } from "@/features/accounts";
import { useAction } from "@/shared/composables";

export const FACTOR_KEY = ["factor"];

/** One's second factor, and what can be done with it. */
export function useFactor() {
  const { t } = useI18n();
  const session = useSession();
  const state = useQuery({ queryKey: FACTOR_KEY, queryFn: fetchFactor });
  const refresh = [FACTOR_KEY, ["sessions"]];
  const begin = useAction(() => beginEnrolment(), { quiet: true });
  const confirm = useAction((code: string) => confirmEnrolment(code), { quiet: true, refresh });
  const renew = useAction(() => renewRecoveryCodes(), { quiet: true, refresh });
  const disable = useAction(
    async () => {
      await disableFactor();
      await session.refresh();
    },
    { quiet: true, refresh, done: () => t("security.factor.disabled") },
  );
  return { state, begin, confirm, renew, disable };
}
