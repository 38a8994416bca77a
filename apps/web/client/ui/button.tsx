import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components/Button';
import styles from './button.module.css';

interface Look {
  look?: 'primary' | 'secondary' | 'quiet' | 'danger';
  small?: boolean;
  wide?: boolean;
}

function classes({ look = 'secondary', small, wide }: Look): string {
  return [styles.button, styles[look], small && styles.small, wide && styles.wide].filter(Boolean).join(' ');
}

/** A button; `isPending` keeps it from being pressed while what it began is under way. */
export function Button({ look, small, wide, ...props }: Omit<AriaButtonProps, 'className'> & Look) {
  return <AriaButton {...props} className={classes({ look, small, wide } as Look)} />;
}

function Anchor({
  look,
  small,
  wide,
  ...props
}: AnchorHTMLAttributes<HTMLAnchorElement> & Look & { ref?: Ref<HTMLAnchorElement> }) {
  return <a {...props} className={classes({ look, small, wide } as Look)} />;
}

/** A link that looks like a button. */
export const ButtonLink = createLink(Anchor);
