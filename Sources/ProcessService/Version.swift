/// The version of the program, as `Server`, `/health` and `process-tracker version` show it.
public let processTrackerVersion = "0.1.0"
