import { useState } from "react";
import { Button, ComboBox, FieldError, Input, Label, ListBox, ListBoxItem, Popover } from "react-aria-components";
import { zoneName, zones } from "../../core/account";
import { Icon } from "../../ui/Icon";

type Props = { value: string; onChange: (zone: string) => void; error?: string; name?: string };

/** A time zone, found by typing a part of its name. */
export function ZonePicker({ value, onChange, error, name }: Props) {
  // Offsets are those of the moment at which the list was made.
  const [items] = useState(() => {
    const now = Date.now();
    return zones(value).map((id) => ({ id, text: zoneName(id, now) }));
  });
  return (
    <ComboBox className="field" defaultItems={items} selectedKey={value} onSelectionChange={(key) => key !== null && onChange(String(key))} isInvalid={Boolean(error)} {...(name ? { name } : {})} menuTrigger="focus">
      <Label className="field-label">Zone</Label>
      <div className="field-box">
        <Input className="input" />
        <Button className="field-after" aria-label="All zones"><Icon name="down" /></Button>
      </div>
      {error && <FieldError className="field-error">{error}</FieldError>}
      <Popover className="popover">
        <ListBox className="menu">{(item: { id: string; text: string }) => <ListBoxItem className="menu-item" textValue={item.text}>{item.text}</ListBoxItem>}</ListBox>
      </Popover>
    </ComboBox>
  );
}
