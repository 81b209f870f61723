import { lockFolder } from '../../src/platform/db/folder-lock.ts';

/** Tries to lock the folder that its parent names; reports the result and keeps the lock. */
process.on('message', (folder: string) => {
  lockFolder(folder).then(
    () => process.send?.('locked'),
    (error: unknown) => process.send?.(String(error)),
  );
});
