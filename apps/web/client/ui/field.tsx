import type { ReactNode } from 'react';
import { Button } from 'react-aria-components/Button';
import { FieldError } from 'react-aria-components/FieldError';
import { Group } from 'react-aria-components/Group';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { NumberField as AriaNumberField, type NumberFieldProps } from 'react-aria-components/NumberField';
import { Text } from 'react-aria-components/Text';
import { TextArea } from 'react-aria-components/TextArea';
import { TextField as AriaTextField, type TextFieldProps } from 'react-aria-components/TextField';
import styles from './field.module.css';

interface Described {
  label: string;
  hint?: ReactNode;
}

/** A line of text, or several with `rows`; within a form its name takes the form's errors. */
export function TextField({
  label,
  hint,
  rows,
  ...props
}: Omit<TextFieldProps, 'className' | 'children'> & Described & { rows?: number }) {
  return (
    <AriaTextField {...props} className={styles.field ?? ''}>
      <Label className={styles.label ?? ''}>{label}</Label>
      {rows === undefined ? (
        <Input className={styles.input ?? ''} />
      ) : (
        <TextArea className={styles.input ?? ''} rows={rows} />
      )}
      <Below hint={hint} />
    </AriaTextField>
  );
}

/** A number with buttons for one less and one more. */
export function NumberField({
  label,
  hint,
  ...props
}: Omit<NumberFieldProps, 'className' | 'children'> & Described) {
  return (
    <AriaNumberField {...props} className={styles.field ?? ''}>
      <Label className={styles.label ?? ''}>{label}</Label>
      <Group className={styles.number ?? ''}>
        <Button slot="decrement" className={styles.step ?? ''}>
          −
        </Button>
        <Input className={styles.input ?? ''} />
        <Button slot="increment" className={styles.step ?? ''}>
          +
        </Button>
      </Group>
      <Below hint={hint} />
    </AriaNumberField>
  );
}

function Below({ hint }: { hint: ReactNode }) {
  return (
    <>
      {hint !== undefined && (
        <Text slot="description" className={styles.hint ?? ''}>
          {hint}
        </Text>
      )}
      <FieldError className={styles.error ?? ''} />
    </>
  );
}
