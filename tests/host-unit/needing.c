/* A shared object that defines DEFINED, or nothing, and calls CALLED in another, or nothing. */

#ifdef CALLED
int CALLED(void);
#define RESULT CALLED()
#else
#define RESULT 42
#endif
#ifndef DEFINED
#define DEFINED answer
#endif

int DEFINED(void);
int DEFINED(void) { return RESULT; }
