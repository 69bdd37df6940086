# Writes each block of a page to a file of the name in its fence: "```toml plugin.toml" to OUT/plugin.toml. Of one without a
# name the language is the name; a second of the same name is an error.
/^```/ && !inside {
  count = split(substr($0, 4), words, " ")
  file = OUT "/" (count > 1 ? words[2] : words[1])
  if (count == 0 || file in seen) { print FILENAME ":" FNR ": a block needs a name of its own" > "/dev/stderr"; failed = 1; exit }
  seen[file] = 1
  inside = 1
  printf "" > file
  next
}
/^```$/ { inside = 0; close(file); next }
inside { print > file }
END { exit failed }
