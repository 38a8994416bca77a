import { useState } from 'react';
import styles from './picture.module.css';

/** A product's picture in a square; its first letter where there is none, or none that can be shown. */
export function Picture({
  url,
  name,
  eager = false,
}: {
  url: string | null;
  name: string;
  /** For one that is seen at once. */
  eager?: boolean;
}) {
  const [broken, setBroken] = useState<string>();
  if (url === null || broken === url) {
    return (
      <span className={styles.picture} aria-hidden="true">
        <span className={styles.letter}>{[...name][0]}</span>
      </span>
    );
  }
  return (
    <img
      className={styles.picture}
      src={url}
      alt=""
      width="400"
      height="400"
      loading={eager ? 'eager' : 'lazy'}
      decoding="async"
      onError={() => setBroken(url)}
    />
  );
}
