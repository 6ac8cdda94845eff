import { defineStore } from "pinia";
import { ref } from "vue";

/** One question for all calls that wait for it: is it still you? */
export const useStepUp = defineStore("step-up", () => {
  const asking = ref(false);
  let waiting: ((proved: boolean) => void)[] = [];

  /** Opens the dialog, once however many ask; tells whether the person proved who they are. */
  function ask(): Promise<boolean> {
    asking.value = true;
    return new Promise((resolve) => waiting.push(resolve));
  }

  function answer(proved: boolean): void {
    asking.value = false;
    const answered = waiting;
    waiting = [];
    for (const resolve of answered) resolve(proved);
  }

  return { asking, ask, answer };
});
