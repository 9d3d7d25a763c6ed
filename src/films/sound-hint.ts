/** What to do about a voice or music that cannot be used. A file of its own: a check of a storyboard needs no more of films. */
export const SOUND_HINT = 'Give a WAV, MP3, M4A, FLAC or Ogg file that plays to its end.';
