import { readonly, ref } from "vue";

/** What a screen reader is told when something changes that only eyes would notice. */
const message = ref("");

export const announcement = readonly(message);

export function announce(text: string): void {
  // The same sentence twice would not be read again: an invisible space makes it new.
  message.value = message.value === text ? `${text}\u00a0` : text;
}
