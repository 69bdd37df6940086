/* A shared object with a note as the kit writes it, or deliberately not: what the host reads and never runs. */

#ifndef OWNER
#define OWNER "Shunt"
#endif
#ifndef TYPE
#define TYPE "0x53484D46"
#endif
#ifndef CONTENT
#define CONTENT ".incbin \"" MANIFEST "\""
#endif

#define NOTE                                   \
  __asm__(                                     \
      ".pushsection .note.shunt,\"a\",%note\n" \
      ".balign 4\n"                            \
      ".long 2f - 1f, 4f - 3f, " TYPE          \
      "\n"                                     \
      "1: .asciz \"" OWNER                     \
      "\"\n"                                   \
      "2: .balign 4\n"                         \
      "3: " CONTENT                            \
      "\n"                                     \
      "4: .balign 4\n"                         \
      ".popsection\n")

#ifndef NO_NOTE
NOTE;
#endif
#ifdef TWO_NOTES
NOTE;
#endif

int answer(void);
int answer(void) { return 42; }
