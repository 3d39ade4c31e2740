; Offers Tokenscope under "Open with" for folders and prompt files. Defaults stay as they are: an extension's
; own default value is never written, as fileAssociations of electron-builder would.
!macro customInstall
  WriteRegStr SHELL_CONTEXT "Software\Classes\Tokenscope.Prompts" "" "Prompts"
  WriteRegStr SHELL_CONTEXT "Software\Classes\Tokenscope.Prompts\shell\open\command" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" "%1"'
  WriteRegStr SHELL_CONTEXT "Software\Classes\.txt\OpenWithProgids" "Tokenscope.Prompts" ""
  WriteRegStr SHELL_CONTEXT "Software\Classes\.csv\OpenWithProgids" "Tokenscope.Prompts" ""
  WriteRegStr SHELL_CONTEXT "Software\Classes\.jsonl\OpenWithProgids" "Tokenscope.Prompts" ""
  WriteRegStr SHELL_CONTEXT "Software\Classes\Directory\shell\Tokenscope" "" "Open with Tokenscope"
  WriteRegStr SHELL_CONTEXT "Software\Classes\Directory\shell\Tokenscope" "Icon" "$INSTDIR\${APP_EXECUTABLE_FILENAME}"
  WriteRegStr SHELL_CONTEXT "Software\Classes\Directory\shell\Tokenscope\command" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" "%1"'
!macroend

!macro customUnInstall
  DeleteRegValue SHELL_CONTEXT "Software\Classes\.txt\OpenWithProgids" "Tokenscope.Prompts"
  DeleteRegValue SHELL_CONTEXT "Software\Classes\.csv\OpenWithProgids" "Tokenscope.Prompts"
  DeleteRegValue SHELL_CONTEXT "Software\Classes\.jsonl\OpenWithProgids" "Tokenscope.Prompts"
  DeleteRegKey SHELL_CONTEXT "Software\Classes\Tokenscope.Prompts"
  DeleteRegKey SHELL_CONTEXT "Software\Classes\Directory\shell\Tokenscope"
!macroend
