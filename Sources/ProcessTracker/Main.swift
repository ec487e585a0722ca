import ProcessCommands

@main
struct Main {
    static func main() {
        Program.run()
    }
}
