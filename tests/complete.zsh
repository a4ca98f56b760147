# zsh -f complete.zsh LINE...: what each LINE becomes when somebody types it and a tab in a folder that has
# _bytepiece, as <...>. The shell behind the terminal sees what a person types: the line, tab, and keys that make
# it a line that prints itself.
zmodload zsh/zpty
zpty shell TERM=dumb zsh -f -i
zpty -w shell 'unsetopt zle_bracketed_paste prompt_sp; PS1= PS2=; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; setopt no_list_beep no_auto_list; print READY'
while zpty -r shell line && [[ $line != *READY* || $line == *print* ]]; do :; done
for typed in "$@"; do
  zpty -n -w shell $typed$'\t\x01print -r -- "<\x05>"\n'
  while zpty -r shell line; do
    [[ $line == '<'*'>'* ]] && print -r -- ${line%%$'\r'*} && break
  done
done
zpty -d shell
