import { IconButton, Button } from "./Button";
import { toast } from "./toasts";

/** Copies a text and says so. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast("The browser did not let the text be copied.", "bad");
  }
}

export function CopyButton({ text, label, words }: { text: string; label: string; words?: string }) {
  const act = () => void copy(text);
  return words ? <Button size="small" icon="copy" onPress={act}>{words}</Button> : <IconButton icon="copy" label={label} onPress={act} />;
}
