import { useMutation, useQueryClient, type QueryKey } from "@tanstack/vue-query";
import { ElMessage } from "element-plus";
import "element-plus/es/components/message/style/css";
import { useErrorText } from "./useErrorText";
import { toApiError } from "@/shared/api";

export interface ActionOptions<In, Out> {
  /** What to say when it is done; nothing if the screen shows it by itself. */
  done?: (answer: Out, input: In) => string;
  /** The queries whose answers are stale afterwards, by the start of their keys. */
  refresh?: QueryKey[];
  onDone?: (answer: Out) => void;
  /** A form shows the error itself; elsewhere it is said in passing. */
  quiet?: boolean;
}

/** A deed of the reader: one call, then fresh lists and a word about how it went. */
export function useAction<In, Out>(run: (input: In) => Promise<Out>, options: ActionOptions<In, Out> = {}) {
  const queries = useQueryClient();
  const errorText = useErrorText();
  return useMutation({
    mutationFn: run,
    onSuccess(answer, input) {
      for (const queryKey of options.refresh ?? []) void queries.invalidateQueries({ queryKey });
      if (options.done) say("success", options.done(answer, input));
      options.onDone?.(answer);
    },
    onError(thrown) {
      if (!options.quiet && toApiError(thrown).status !== 401) say("error", errorText(thrown));
    },
  });
}

/** The message has the role of an alert, so it is read aloud, too. */
function say(type: "success" | "error", message: string): void {
  ElMessage({ type, message, grouping: true, duration: type === "error" ? 7000 : 3000, showClose: true });
}
