/// All commands, described.
enum CommandCatalogue {
    /// All of them, in the order that help lists them.
    static let all = [
        Self.serve, Self.run, Self.work, Self.status, Self.watch, Self.tail, Self.list, Self.stats, Self.cleanup,
        Self.check, Self.config, Self.version, Self.help,
    ]

    static let serve = CommandSpecification(
        "serve", "Runs the service; what happens without a command, too", takesSettings: true,
        discussion: [
            "Once it answers, it prints one line to standard output: where it is, and where it keeps processes. Logs go to "
                + "standard error. SIGINT, SIGTERM or SIGHUP stops it as soon as requests in flight are answered, a second "
                + "SIGINT or SIGTERM at once."
        ],
        examples: [
            .init(
                line: "process-tracker",
                effect: "Serves on http://127.0.0.1:8080 from the SQLite file data/processes.db."),
            .init(
                line: "process-tracker serve --listen 127.0.0.1:9000 --repository memory",
                effect: "Serves on another port, and keeps nothing on disk."),
        ])

    static let run = CommandSpecification(
        "run", "Runs a command and tracks it", operands: "-- COMMAND [ARGUMENTS…]", takesCommand: true,
        options: [
            OptionSpecification("--kind", "KIND", "What sort of work it is; otherwise the command's name"),
            OptionSpecification("--id", "ID", "The id it shall have; where it is taken, nothing is run: exit 1"),
            OptionSpecification("--lease", "TIME", "The longest silence before it counts as failed; otherwise 60s"),
            OptionSpecification("--timeout", "TIME", "The longest run; after that the command is ended: exit 124"),
            OptionSpecification("--metadata", "KEY=VALUE", "A label", isRepeatable: true),
            OptionSpecification("--retain", "TIME", "How long it is kept once finished, or forever"),
            OptionSpecification("--parent", "ID", "The process it is a part of"),
            OptionSpecification("--require", "Runs nothing where it can't be tracked: exit 1"),
            OptionSpecification(
                "--no-capture", "Gives the command our standard output and error, unseen by the tracker"),
            OptionSpecification("--quiet", "Says nothing on standard error but why a command was not run"),
        ] + Self.client,
        discussion: [
            "The command's output and exit code are passed through unchanged. Where a signal ended it, this program ends by the "
                + "same signal, which a shell shows as 128 and its number. Meanwhile heartbeats keep the lease, and the last line "
                + "of output is the progress message. The command finds its id in PROCESS_ID and the tracker in TRACKER_URL.",
            "When the tracker is asked to cancel it, the command gets SIGTERM, and SIGKILL 10 s later. SIGINT, SIGTERM, SIGHUP, "
                + "SIGQUIT, SIGUSR1 and SIGUSR2 are passed on. Where no tracker answers, the command runs all the same, after "
                + "one warning.",
            "The command writes to a pipe, at which some programs leave out colours or write in larger pieces; --no-capture "
                + "gives them the terminal.",
        ],
        examples: [
            .init(line: "process-tracker run -- tar czf doc.tar.gz /usr/share/doc", effect: "Tracks tar."),
            .init(
                line: "process-tracker run --kind backup --metadata host=db1 --timeout 2h -- ./backup.sh --full",
                effect: "Tracks a script under a kind of its own, with a label and a limit."),
        ])

    static let work = CommandSpecification(
        "work", "Takes work from queues and runs a handler for each piece",
        operands: "--queue NAME -- HANDLER [ARGUMENTS…]", takesCommand: true,
        options: [
            OptionSpecification(
                "--queue", "QUEUE", "A queue to take work from; commas separate several", isRepeatable: true),
            OptionSpecification("--concurrency", "NUMBER", "How many handlers run at the same time; otherwise 1"),
            OptionSpecification(
                "--lease", "TIME",
                "The longest silence before the work is given to somebody else; otherwise 60s. A process's own lease goes first"
            ),
            OptionSpecification("--worker", "NAME", "Who works; otherwise this machine and the program's number"),
            OptionSpecification(
                "--grace", "TIME",
                "How long handlers may go on once the worker was told to stop; otherwise as long as they take"),
            OptionSpecification("--json", "Prints a line of JSON for each finished process"),
            OptionSpecification("--quiet", "Prints no line for finished processes"),
        ] + Self.client,
        discussion: [
            "The handler gets the process's input as JSON on its standard input, and finds PROCESS_ID, PROCESS_ATTEMPT, "
                + "PROCESS_MAX_ATTEMPTS, PROCESS_KIND, PROCESS_QUEUE, TRACKER_URL and, where there is one, TRACEPARENT in its "
                + "environment. What it prints to standard output is the result: JSON, else text. Lines such as "
                + "\"::progress 0.4 rendering\" or \"::progress 42/100 page 42\" on standard error become progress, all others "
                + "are passed on.",
            "Exit code 0 completes the process. Any other, or a signal, fails it, and another attempt follows while there are "
                + "any left; code 65 says that trying again is of no use. When the tracker is asked to cancel it, or has given "
                + "it to somebody else, the handler gets SIGTERM, and SIGKILL 10 s later.",
            "SIGTERM or SIGINT: claim no more, and end once everything that runs is finished. A second one, or the end of "
                + "--grace, ends the handlers by SIGTERM, and their processes go back to the queue while attempts remain; a "
                + "third one ends them by SIGKILL.",
        ],
        examples: [
            .init(
                line: "process-tracker work --queue thumbnails --concurrency 4 -- ./thumbnail.sh",
                effect: "Runs up to four at a time, until it is told to stop."),
            .init(
                line: "process-tracker work --queue mail,reports --grace 25s --json -- python3 handler.py",
                effect:
                    "Takes from two queues, ends soon after 25 s, and prints a line of JSON per process."),
        ])

    static let status = CommandSpecification(
        "status", "Shows one process", operands: "ID", operandCount: 1...1, options: [Self.json] + Self.client,
        examples: [
            .init(
                line: "process-tracker status 0199c1f2-7d3a-7c11-9b5e-3f1f6a0c2d41",
                effect: "Shows how far it is, in lines for people."),
            .init(
                line: "process-tracker status nightly --json | jq .progress",
                effect: "Prints the tracker's answer as it is, for programs."),
        ])

    static let watch = CommandSpecification(
        "watch", "Shows how one process goes until it has ended", operands: "ID", operandCount: 1...1,
        options: [
            OptionSpecification("--timeout", "TIME", "Gives up after this time: exit 4"),
            OptionSpecification("--json", "Prints a line of JSON for each change"),
            OptionSpecification("--quiet", "Prints nothing; the exit code says how it ended"),
        ] + Self.client,
        discussion: [
            "On a terminal it is one line that keeps changing, and the result or the error in the end. Elsewhere it is a line for "
                + "each change: when, status, percent, message. With --json it is each change as the tracker sent it, with a "
                + "blank for each line break between its values.",
            "Exit codes: 0 it completed, 1 it failed (or can't be watched, as standard error says then), 3 it was cancelled, "
                + "4 --timeout has passed.",
            "A connection that is lost is made again, for as long as it takes: a tracker may be restarted meanwhile. Only "
                + "where none answers at first, or the process is unknown or was removed, it ends with an error.",
        ],
        examples: [
            .init(line: "process-tracker watch nightly", effect: "Shows a progress bar until it has ended."),
            .init(
                line: "process-tracker watch nightly --quiet --timeout 2h",
                effect: "Waits for the end, two hours at most, and says by the exit code how it ended."),
            .init(
                line: "process-tracker watch nightly --json | jq -r .progress.message",
                effect: "Hands each change to another program."),
        ])

    static let tail = CommandSpecification(
        "tail", "Prints the output of a process as it comes", operands: "ID", operandCount: 1...1,
        options: [
            OptionSpecification(
                "--type", "TYPE", "Only chunks of this type; commas separate several", isRepeatable: true),
            OptionSpecification("--after", "INDEX", "Only chunks behind this one; otherwise from the first"),
            OptionSpecification("--no-follow", "Prints what is there, and ends: exit 0"),
            OptionSpecification("--json", "Prints a line of JSON for each chunk: index, type and data"),
        ] + Self.client,
        discussion: [
            "Chunks that are text are printed as they are, without anything in between; on a terminal, control characters are "
                + "escaped, save line breaks and tabs. Other chunks are printed as a line of JSON each.",
            "Where chunks are missing, because the tracker keeps only the newest, or another attempt begins, it says so on "
                + "standard error. A connection that is lost is made again, and goes on behind the last chunk.",
            "Exit codes, once the process has ended: 0 it completed, 1 it failed (or its output can't be read, as standard "
                + "error says then), 3 it was cancelled.",
        ],
        examples: [
            .init(line: "process-tracker tail answer-1", effect: "Prints what is there, and what comes until the end."),
            .init(
                line: "process-tracker tail answer-1 --type content --after 120 --no-follow",
                effect: "Prints what is there of one type, behind chunk 120."),
        ])

    static let list = CommandSpecification(
        "list", "Lists processes, the newest first",
        options: [
            OptionSpecification(
                "--status", "STATUS",
                "Only pending, running, completed, failed or cancelled ones; commas separate several",
                isRepeatable: true),
            OptionSpecification("--kind", "KIND", "Only those of a kind", isRepeatable: true),
            OptionSpecification("--queue", "QUEUE", "Only those from a queue", isRepeatable: true),
            OptionSpecification("--metadata", "KEY=VALUE", "Only those with a label", isRepeatable: true),
            OptionSpecification(
                "--since", "TIME", "Only those created after a time such as 2026-11-08T10:00:00Z, or as long ago as 2h"),
            OptionSpecification("--before", "TIME", "Only those created before such a time"),
            OptionSpecification("--limit", "NUMBER", "How many at most; otherwise 50"),
            OptionSpecification("--oldest", "The oldest first"),
            OptionSpecification("--follow", "Goes on with a line for each change, until it is interrupted"), Self.json,
        ] + Self.client,
        discussion: [
            "With --json it prints one array with each process as the tracker sent it, however many requests that took.",
            "With --follow it begins with the newest 100; --json then prints a line for each process and each change, and "
                + "{\"process_id\":\"…\",\"removed\":true} for one that is removed. A process that no longer passes the filter "
                + "is shown once more, as it is then.",
        ],
        examples: [
            .init(line: "process-tracker list --status running,pending", effect: "Lists what is not finished."),
            .init(
                line: "process-tracker list --kind backup --since 24h --json",
                effect: "Prints the last day's backups, for programs."),
            .init(line: "process-tracker list --kind backup --follow", effect: "Shows backups, and how they go on."),
        ])

    static let stats = CommandSpecification(
        "stats", "Counts processes by status, kind and queue", options: [Self.json] + Self.client,
        examples: [.init(line: "process-tracker stats", effect: "Shows how many there are, and how old the oldest is.")]
    )

    static let cleanup = CommandSpecification(
        "cleanup", "Removes finished processes",
        options: [
            OptionSpecification(
                "--older-than", "TIME",
                "Those that ended longer ago than this; otherwise those whose retention has passed"),
            OptionSpecification(
                "--status", "STATUS",
                "Only completed, failed or cancelled ones; with --force pending or running ones, too",
                isRepeatable: true),
            OptionSpecification("--force", "Also those that have a retention of their own"),
            OptionSpecification("--dry-run", "Counts them, and removes nothing"),
            OptionSpecification("--yes", "Does not ask"), Self.json,
        ] + Self.client,
        discussion: [
            "On a terminal it says first how many would go, and asks. Elsewhere it needs --yes or --dry-run.",
            "It goes in portions. One that is interrupted or fails says how many were removed before; the same command goes on.",
        ],
        examples: [
            .init(
                line: "process-tracker cleanup --older-than 7d --status completed --dry-run",
                effect: "Says how many would go."),
            .init(line: "process-tracker cleanup --yes", effect: "Does now what the service does from time to time."),
        ])

    static let check = CommandSpecification(
        "check", "Looks whether an SQLite file is whole", operands: "[PATH]", operandCount: 0...1, takesSettings: true,
        discussion: ["Without a path it looks at the file that the service would use. It only reads."],
        examples: [.init(line: "process-tracker check data/processes.db", effect: "Says whether the file is whole.")])

    static let config = CommandSpecification(
        "config", "Shows the settings in force, and where each comes from", takesSettings: true,
        examples: [
            .init(
                line: "process-tracker config --config /etc/process-tracker.conf",
                effect: "Reads a file, and shows what would be in force; secrets are masked.")
        ])

    static let version = CommandSpecification(
        "version", "Shows the version", examples: [.init(line: "process-tracker version", effect: "Prints one line.")])

    static let help = CommandSpecification(
        "help", "Explains a command", operands: "[COMMAND]", operandCount: 0...1,
        examples: [
            .init(line: "process-tracker help run", effect: "Explains run, the same as process-tracker run --help.")
        ])

    private static let json = OptionSpecification("--json", "Prints JSON")

    private static let client = [
        OptionSpecification("--url", "URL", "Where the tracker is; otherwise TRACKER_URL, or http://127.0.0.1:8080"),
        OptionSpecification("--config", "FILE", "A file of KEY=value lines that says where the tracker is"),
    ]
}
