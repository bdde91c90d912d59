using System.Globalization;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Machine;

/// <summary>
/// The command line of dom0 as small POSIX shell scripts. They need neither the toolstack nor the node to be well, except
/// systemctl and reset-host, which ask the node through a named pipe.
/// </summary>
internal static class HostScripts
{
    private const string Alive = """
        alive() { grep -qa -- "$vm" "/proc/$pid/cmdline" 2>/dev/null; }
        load() { uuid= vm= state= pid= name=; while IFS='=' read -r key value; do case $key in
          uuid) uuid=$value ;; vm) vm=$value ;; state) state=$value ;; pid) pid=$value ;; name) name=$value ;; esac; done < "$1"; }

        """;

    /// <summary>The script does not go on: whoever waits for it is dead.</summary>
    private const string Strike = """
        strike() {
          mark="$dir/strikes/$1"
          [ -e "$mark" ] || return 0
          victim=$(cat "$mark"); rm -f "$mark"
          printf '%s strike %s %s\n' "$$" "$1" "$victim" > "$dir/systemctl.fifo"
          sleep 60
        }
        step=${0##*/}-$1
        strike "$step.before"

        """;

    private const string ListDomains = """
        printf '%3s | %36s | %6s\n' id uuid state
        [ "$1" = -domid ] && only=$2
        [ -z "$only" ] || [ "$only" = 0 ] && printf '%3s | %36s | %6s\n' 0 "$dom0" '    R '
        for id in $(ls "$dir/domains" | sort -n); do
          case $id in *[!0-9]*) continue ;; esac
          [ -n "$only" ] && [ "$only" != "$id" ] && continue
          load "$dir/domains/$id" 2>/dev/null || continue
          alive && printf '%3s | %36s | %6s\n' "$id" "$uuid" "$state"
        done
        exit 0

        """;

    private const string Xl = """
        case $1 in
        list)
          printf '%-40s %5s %5s %5s %10s %8s\n' Name ID Mem VCPUs State 'Time(s)'
          printf '%-40s %5s %5s %5s %10s %8s\n' Domain-0 0 1024 1 r----- 0.0
          for id in $(ls "$dir/domains" | sort -n); do
            case $id in *[!0-9]*) continue ;; esac
            load "$dir/domains/$id" 2>/dev/null || continue
            alive && printf '%-40s %5s %5s %5s %10s %8s\n' "$name" "$id" 1024 1 -b---- 0.0
          done ;;
        destroy)
          [ -n "$2" ] && load "$dir/domains/$2" 2>/dev/null || { echo "$2 is an invalid domain identifier (rc=-6)" >&2; exit 1; }
          if [ -e "$dir/refuse-kill/$vm" ]; then
            echo "libxl: error: libxl_domain.c: Domain $2: Unable to destroy guest" >&2; exit 1
          fi
          alive && kill -9 "$pid"
          while alive; do sleep 0.01; done
          strike "$step.after" ;;
        *) echo "xl: unknown command $1" >&2; exit 2 ;;
        esac
        exit 0

        """;

    private const string XenstoreLs = """
        cat "$dir"/xenstore/* 2>/dev/null
        exit 0

        """;

    private const string Systemctl = """
        answer="$dir/systemctl.answers/$$"
        printf '%s %s\n' "$$" "$*" > "$dir/systemctl.fifo" || exit 1
        while [ ! -e "$answer" ]; do sleep 0.02; done
        { read -r code; cat; } < "$answer"
        rm -f "$answer"
        strike "$step.after"
        exit "${code:-1}"

        """;

    private const string ResetVdis = """
        [ $# -ge 2 ] || { echo "usage: resetvdis.py <HOST UUID> <SR UUID> [master]" >&2; exit 1; }
        for lock in "$locks"/*; do
          [ -r "$lock" ] && read -r host sr < "$lock" || continue
          [ "$host" = "$1" ] && [ "$sr" = "$2" ] && rm -f "$lock" && echo "*** Reset VDI ${lock##*/} ***"
        done
        exit 0

        """;

    /// <summary>Where the host's initiator listens for its tools, on the loopback.</summary>
    public const int PersistPort = 3261;

    /// <summary>By bash, which speaks TCP by itself. The answer may be old when it is given.</summary>
    private const string Persist = """
        exec 3<>/dev/tcp/127.0.0.1/$port || exit 15
        printf '%s\n' "$*" >&3
        read -r code <&3 || exit 15
        said=$(cat <&3)
        [ -e "$dir/answers-late" ] && sleep "$(cat "$dir/answers-late")"
        printf '%s\n' "$said"
        exit "$code"

        """;

    private const string ResetHost = """
        printf '%s reset-host\n' "$$" > "$dir/systemctl.fifo"
        sleep 60

        """;

    public static void Write(HostDirectory directory, HostDefinition host)
    {
        CopyProgram(directory, "vm");
        CopyProgram(directory, "tapdisk");
        CopyProgram(directory, "qemu-system-i386");
        string head = $"""
            #!/bin/sh
            dir={Quote(directory.Root)}
            locks={Quote(directory.Locks)}
            dom0={PoolDefinition.UuidOf("dom0", host.Uuid)}

            """;
        WriteScript(directory, "list_domains", head + Alive + ListDomains);
        WriteScript(directory, "xenstore-ls", head + XenstoreLs);
        WriteScript(directory, "xl", head + Strike + Alive + Xl);
        WriteScript(directory, "systemctl", head + Strike + Systemctl);
        WriteScript(directory, "resetvdis.py", head + ResetVdis);
        WriteScript(directory, "reset-host", head + ResetHost);
        WriteScript(directory, "sg_persist", head.Replace("#!/bin/sh", "#!/bin/bash", StringComparison.Ordinal) + Persist.Replace("$port", PersistPort.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
    }

    private static void CopyProgram(HostDirectory directory, string name)
    {
        string target = Path.Combine(directory.Bin, name);
        if (!File.Exists(target))
        {
            File.Copy("/bin/sleep", target);
        }
    }

    private static void WriteScript(HostDirectory directory, string name, string text)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("the emulated host is a Linux host");
        }

        string path = Path.Combine(directory.Bin, name);
        File.WriteAllText(path, text.ReplaceLineEndings("\n"));
        const UnixFileMode ReadExecute = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead
            | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(path, ReadExecute | UnixFileMode.UserWrite);
    }

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
