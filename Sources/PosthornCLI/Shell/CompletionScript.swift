import PosthornModel
import PosthornText

/// Scripts that complete a command line, made from the specifications that it is parsed with.
struct CompletionScript {
    /// The shells that there is a script for.
    enum Shell: String, CaseIterable { case bash, zsh, fish }

    private let commands: [CommandSpecification]
    /// The words that may follow `posthorn`, each once, with what they mean.
    private let firstWords: [(word: String, summary: String)]

    init(_ commands: [CommandSpecification]) {
        self.commands = commands
        var words: [(word: String, summary: String)] = []
        for command in commands {
            let word = String(command.name.prefix { $0 != " " })
            if words.contains(where: { $0.word == word }) { continue }
            let group = commands.filter { $0.name.hasPrefix(word + " ") }.map { $0.name.dropFirst(word.count + 1) }
            words.append((word, group.isEmpty ? command.summary : group.joined(separator: ", ")))
        }
        words.append(("help", "explain a command"))
        firstWords = words
    }

    /// The script for a shell.
    func text(_ shell: Shell) -> String {
        switch shell {
        case .bash: bash
        case .zsh: zsh
        case .fish: fish
        }
    }

    /// The second words of commands that have two.
    private func secondWords(_ first: String) -> [CommandSpecification] { commands.filter { $0.name.hasPrefix(first + " ") } }

    private var groups: [String] { firstWords.map(\.word).filter { !secondWords($0).isEmpty } }

    /// Whether a value is the name of a file.
    private static func isFile(_ value: String?) -> Bool { value == "FILE" || value == "FOLDER" }

    private static func takesFiles(_ command: CommandSpecification) -> Bool { command.positionals.contains { isFile($0.name) } }

    // MARK: bash

    private var bash: String {
        var cases = ""
        for command in commands {
            let flags = command.allFlags.map { "--\($0.name)" }.joined(separator: " ")
            let files = command.allFlags.filter { Self.isFile($0.value) }.map { "--\($0.name)" }.joined(separator: "|")
            let values = command.allFlags.filter { $0.value != nil && !Self.isFile($0.value) }.map { "--\($0.name)" }.joined(separator: "|")
            cases += "        '\(command.name)')\n            case $previous in\n"
            if !files.isEmpty { cases += "                \(files)) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n" }
            if !values.isEmpty { cases += "                \(values)) return ;;\n" }
            cases += "            esac\n            words='\(flags)'\n"
            cases += "            files=\(Self.takesFiles(command) ? "yes" : "")\n            ;;\n"
        }
        let seconds = groups.map { word in
            "        \(word)) words='\(secondWords(word).map { $0.name.dropFirst(word.count + 1) }.joined(separator: " "))' ;;\n"
        }.joined()
        return """
            # Completes posthorn's commands and flags in bash; printed by: posthorn completions bash
            _posthorn() {
                local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} first= command= words= files= i
                # A value of a flag in front of the command is none of its words.
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case ${COMP_WORDS[i]} in
                    --db) ((i++)) ;;
                    -*) ;;
                    *)
                        if [[ -z $first ]]; then first=${COMP_WORDS[i]}; command=$first; else command="$first ${COMP_WORDS[i]}"; break; fi
                        case $first in \(groups.joined(separator: "|"))) ;; *) break ;; esac
                        ;;
                    esac
                done
                COMPREPLY=()
                if [[ -z $first ]]; then
                    [[ $previous == --db ]] && { COMPREPLY=($(compgen -f -- "$current")); return; }
                    COMPREPLY=($(compgen -W '\(firstWords.map(\.word).joined(separator: " ")) --db --json --help --version' -- "$current"))
                    return
                fi
                case $command in
                \(seconds)        help) words='\(firstWords.map(\.word).filter { $0 != "help" }.joined(separator: " "))' ;;
            \(cases)    esac
                COMPREPLY=($(compgen -W "$words" -- "$current"))
                if [[ -n $files && $current != -* ]]; then COMPREPLY=($(compgen -f -- "$current")); fi
            }
            complete -o filenames -F _posthorn posthorn

            """
    }

    // MARK: zsh

    private var zsh: String {
        var cases = ""
        for command in commands {
            cases += "        \(Self.quoted(command.name)))\n            _arguments -s -S \\\n"
            for flag in command.allFlags {
                let star = flag.isRepeatable ? "*" : ""
                let value = flag.value.map { Self.isFile($0) ? ":\($0):_files" : ":\($0): " } ?? ""
                cases += "                \(Self.quoted("\(star)--\(flag.name)[\(Self.zshText(flag.summary))]\(value)")) \\\n"
            }
            cases += "                \(Self.takesFiles(command) ? "'*:file:_files'" : "'*: : '")\n            ;;\n"
        }
        func list(_ entries: [(String, String)]) -> String {
            entries.map { Self.quoted("\($0.0):\($0.1)") }.joined(separator: " ")
        }
        let seconds = groups.map { word in
            let words = secondWords(word).map { (String($0.name.dropFirst(word.count + 1)), $0.summary) }
            return """
                        \(word))
                            if ((CURRENT == 2)); then
                                local -a seconds=(\(list(words)))
                                _describe -t commands 'posthorn \(word) command' seconds
                                return
                            fi
                            command="$command ${words[2]}"
                            shift words
                            ((CURRENT--))
                            ;;

                """
        }.joined()
        return """
            #compdef posthorn
            # Completes posthorn's commands and flags in zsh; printed by: posthorn completions zsh
            _posthorn() {
                local curcontext=$curcontext state line command
                _arguments -C '--db[the outbox]:FILE:_files' '--json[print JSON]' '--help' '--version' '1: :->command' '*:: :->arguments'
                case $state in
                command)
                    local -a firsts=(\(list(firstWords.map { ($0.word, $0.summary) })))
                    _describe -t commands 'posthorn command' firsts
                    ;;
                arguments)
                    command=${words[1]}
                    case $command in
            \(seconds)        esac
                    case $command in
            \(cases)        esac
                    ;;
                esac
            }
            _posthorn "$@"

            """
    }

    /// What stands between the brackets of a flag's explanation.
    private static func zshText(_ text: String) -> String {
        text.map { "[]:\\".contains($0) ? "\\\($0)" : String($0) }.joined()
    }

    /// A word in single quotes, for any of the shells.
    private static func quoted(_ text: String) -> String {
        "'" + text.map { $0 == "'" ? #"'\''"# : String($0) }.joined() + "'"
    }

    // MARK: fish

    private var fish: String {
        var lines = """
            # Completes posthorn's commands and flags in fish; printed by: posthorn completions fish
            complete -c posthorn -f
            complete -c posthorn -n __fish_use_subcommand -l db -r -F -d 'the outbox'
            complete -c posthorn -n __fish_use_subcommand -l json -d 'print JSON'
            complete -c posthorn -n __fish_use_subcommand -l help -d 'explain the commands'
            complete -c posthorn -n __fish_use_subcommand -l version -d 'print the version'

            """
        for (word, summary) in firstWords {
            lines += "complete -c posthorn -n __fish_use_subcommand -a \(word) -d \(Self.fishQuoted(summary))\n"
        }
        for word in groups {
            let seconds = secondWords(word)
            let names = seconds.map { $0.name.dropFirst(word.count + 1) }.joined(separator: " ")
            for command in seconds {
                let condition = "__fish_seen_subcommand_from \(word); and not __fish_seen_subcommand_from \(names)"
                let second = command.name.dropFirst(word.count + 1)
                lines += "complete -c posthorn -n '\(condition)' -a \(second) -d \(Self.fishQuoted(command.summary))\n"
            }
        }
        for command in commands {
            let seen = command.name.split(separator: " ").map { "__fish_seen_subcommand_from \($0)" }.joined(separator: "; and ")
            for flag in command.allFlags {
                let value = flag.value == nil ? "" : Self.isFile(flag.value) ? " -r -F" : " -x"
                lines += "complete -c posthorn -n '\(seen)' -l \(flag.name)\(value) -d \(Self.fishQuoted(flag.summary))\n"
            }
            if Self.takesFiles(command) { lines += "complete -c posthorn -n '\(seen)' -F\n" }
        }
        return lines
    }

    private static func fishQuoted(_ text: String) -> String {
        "'" + text.map { "'\\".contains($0) ? "\\\($0)" : String($0) }.joined() + "'"
    }
}
