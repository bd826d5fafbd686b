/* A client of the 2009 protocol in C: runs right and jumps without end.

   cc -O2 -o jumper jumper.c
   mario serve --port 4242 &
   ./jumper 4242 -ls 7 -ld 3 -tl 100 -vis off -maxFPS on

   The server sends an observation after each tick and waits for five characters and a line end.
   Like the original clients it takes what one recv gives for one message. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char message[1 << 16];

static int receive(int server) {
    ssize_t size = recv(server, message, sizeof message - 1, 0);
    if (size <= 0) {
        fprintf(stderr, "the server has left\n");
        exit(1);
    }
    message[size] = '\0';
    return (int)size;
}

static void say(int server, const char *text) {
    size_t size = strlen(text);
    if (send(server, text, size, 0) != (ssize_t)size) {
        perror("send");
        exit(1);
    }
}

int main(int count, char **words) {
    if (count < 2) {
        fprintf(stderr, "usage: jumper PORT [-option value ...]\n");
        return 2;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("connect");
        return 1;
    }
    receive(server); /* Server: Hi! Welcome. */
    say(server, "Client: Dear Server, hello! I am <jumper>\r\n");

    char reset[4096] = "reset";
    for (int i = 2; i < count; i++) {
        strncat(reset, " ", sizeof reset - strlen(reset) - 3);
        strncat(reset, words[i], sizeof reset - strlen(reset) - 3);
    }
    strcat(reset, "\r\n");
    say(server, reset);

    int ticks = 0;
    for (;;) {
        receive(server);
        if (strncmp(message, "FIT ", 4) == 0) break;
        /* "O mayJump onGround ..." */
        char may_jump[8], on_ground[8];
        if (sscanf(message, "O %7s %7s", may_jump, on_ground) != 2) {
            fprintf(stderr, "%.200s\n", message);
            return 1;
        }
        int jump = strcmp(may_jump, "true") == 0 || strcmp(on_ground, "true") != 0;
        say(server, jump ? "01011\r\n" : "01000\r\n");
        ticks++;
    }
    int status, time_left, mode, coins;
    double distance;
    sscanf(message, "FIT %d %lf %d %d %d", &status, &distance, &time_left, &mode, &coins);
    printf("%s after %d ticks: distance %.17g, %d s left, mode %d, %d coins\n",
           status == 1 ? "won" : "lost", ticks, distance, time_left, mode, coins);
    say(server, "ciao\r\n");
    close(server);
    return 0;
}
