import { useRouter } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import styles from './search-field.module.css';

const TYPING_MS = 250;

/** A text to search by, told a little after it was typed. What else changes the search is shown. */
export function SearchField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange(text: string): void;
}) {
  const router = useRouter();
  const here = useRef(router.latestLocation.pathname);
  const [text, setText] = useState(value);
  const told = useRef(value);
  const tell = useRef(onChange);
  tell.current = onChange;

  useEffect(() => {
    if (value === told.current) return;
    told.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    if (text === told.current) return;
    const timer = setTimeout(() => {
      // Who is on the way to another page is not called back.
      if (router.latestLocation.pathname !== here.current) return;
      told.current = text;
      tell.current(text);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, router]);

  return (
    <input
      className={styles.search}
      type="search"
      aria-label={label}
      placeholder={label}
      value={text}
      maxLength={100}
      onChange={({ target }) => setText(target.value)}
    />
  );
}
