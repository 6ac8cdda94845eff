import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";
import {
  answerConsent,
  cancelDeletion,
  downloadExport,
  fetchPrivacy,
  fetchProcessors,
  requestDeletion,
  requestExport,
} from "../api";
import { saveFile } from "@/shared/api";
import { useAction } from "@/shared/composables";

const KEY = ["privacy"];
const WATCH_MS = 2_000;

/** One's own data: how it stands, and what can be done about it. A copy that is being made is watched. */
export function usePrivacy() {
  const answer = useQuery({
    queryKey: KEY,
    queryFn: fetchPrivacy,
    refetchInterval: (query) =>
      ["waiting", "building"].includes(query.state.data?.export?.state ?? "") ? WATCH_MS : false,
  });
  const refresh = [KEY];
  return {
    answer,
    privacy: computed(() => answer.data.value),
    ask: useAction(requestExport, { refresh }),
    fetchFile: useAction(async (id: string) => saveFile(await downloadExport(id), "my-data.zip")),
    remove: useAction(requestDeletion, { refresh, quiet: true }),
    keep: useAction(cancelDeletion, { refresh }),
    consent: useAction((change: { purpose: string; given: boolean }) => answerConsent(change.purpose, change.given), {
      refresh,
    }),
  };
}

/** Who handles personal data for the operator. */
export function useProcessors() {
  return useQuery({ queryKey: ["processors"], queryFn: fetchProcessors });
}
