import { Button, FieldError, Label, ListBox, ListBoxItem, Popover, Select, SelectValue, Text } from "react-aria-components";
import type { Common } from "./fields";
import { Icon } from "./Icon";

export type Option<Id extends string = string> = { id: Id; name: string; note?: string };

/** A choice of one among a few. */
export function Choice<Id extends string>(props: Common & { value: Id | null; onChange: (value: Id) => void; options: readonly Option<Id>[]; placeholder?: string }) {
  const { label, error, help, options, value, onChange, placeholder, hideLabel, ...rest } = props;
  return (
    <Select
      {...rest}
      className="field"
      isInvalid={Boolean(error)}
      selectedKey={value}
      onSelectionChange={(key) => {
        const chosen = options.find(({ id }) => id === key);
        if (chosen) onChange(chosen.id);
      }}
      placeholder={placeholder ?? "Choose"}
      aria-label={hideLabel ? label : undefined}
    >
      {!hideLabel && <Label className="field-label">{label}</Label>}
      <Button className="input select">
        <SelectValue className="select-value" />
        <Icon name="down" />
      </Button>
      {help && !error && <Text slot="description" className="field-help">{help}</Text>}
      {error && <FieldError className="field-error">{error}</FieldError>}
      <Popover className="popover">
        <ListBox className="menu" items={options}>
          {(option) => (
            <ListBoxItem className="menu-item" textValue={option.name}>
              <span>{option.name}</span>
              {option.note && <span className="muted">{option.note}</span>}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
