import { refDebounced } from "@vueuse/core";
import { ref } from "vue";

/** A text field and the value to search for once typing pauses. */
export function useSearchText(delay = 300) {
  const text = ref("");
  const settled = refDebounced(text, delay);
  return { text, settled };
}
