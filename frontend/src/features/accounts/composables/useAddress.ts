import { useQuery } from "@tanstack/vue-query";
import { useI18n } from "vue-i18n";
import { cancelAddress, changeAddress, fetchAddress } from "../api";
import type { AddressChange } from "../types";
import { useAction } from "@/shared/composables";

const KEY = ["me", "address"];
const SOON_MS = 2_000;

/** One's mail address, and the one that waits to be confirmed. */
export function useAddress() {
  const { t } = useI18n();
  const answer = useQuery({ queryKey: KEY, queryFn: fetchAddress });
  const change = useAction((body: AddressChange) => changeAddress(body), {
    done: () => t("accounts.address.asked"),
    // A worker sends the mail, within a second or so.
    onDone: () => setTimeout(() => void answer.refetch(), SOON_MS),
    quiet: true,
  });
  const cancel = useAction(() => cancelAddress(), { refresh: [KEY], done: () => t("accounts.address.cancelled") });
  return { answer, change, cancel };
}
