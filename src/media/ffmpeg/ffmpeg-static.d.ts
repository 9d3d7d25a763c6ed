/** Optional dependency: its download may have failed, and then it is missing, exports null, or a path where nothing is. */
declare module 'ffmpeg-static' {
  const path: string | null;
  export = path;
}
